//! What there is to be selected: the series of the recording, and those that rules record.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::label_set::LabelSet;
use crate::{
    metrics::{Kind, MatchOp, Matcher, Store, labels::NAME},
    promql::ast::Selector,
    rules::{
        rule::{Group, Rule, RuleFile},
        run::{ALERTS, FOR_STATE},
    },
};

/// The series that alerts themselves become.
const OF_ALERTS: [&str; 2] = [ALERTS, FOR_STATE];

/// A rule that records, in its group.
pub(super) type Recorded<'a> = (&'a Group, &'a Rule);

/// All that rules can read.
pub(super) struct World<'a> {
    pub(super) store: Option<&'a Store>,
    recorded: FxHashMap<&'a str, Vec<Recorded<'a>>>,
    alerts: Vec<&'a str>,
    /// By what is asked of the name, the labels of the series that are called so.
    labels: RefCell<FxHashMap<String, Option<LabelSet>>>,
}

impl<'a> World<'a> {
    pub(super) fn new(files: &'a [RuleFile], store: Option<&'a Store>) -> Self {
        let mut world =
            Self { store, recorded: FxHashMap::default(), alerts: Vec::new(), labels: RefCell::default() };
        for group in files.iter().flat_map(|file| &file.groups) {
            for rule in &group.rules {
                if rule.is_alert() {
                    world.alerts.push(&rule.name);
                } else {
                    world.recorded.entry(&rule.name).or_default().push((group, rule));
                }
            }
        }
        world
    }

    /// The rules that record what a selector names.
    pub(super) fn recorded(&self, selector: &Selector) -> Vec<Recorded<'a>> {
        if let Some(name) = name_of(selector) {
            return self.recorded.get(name).cloned().unwrap_or_default();
        }
        let conditions: Vec<&Matcher> = names(selector).collect();
        if conditions.is_empty() {
            return self.recorded.values().flatten().copied().collect();
        }
        let named = |name: &str| conditions.iter().all(|matcher| matcher.accepts(name));
        self.recorded.iter().filter(|(name, _)| named(name)).flat_map(|(_, rules)| rules).copied().collect()
    }

    /// Whether a selector reads the states of alerts that are among the rules.
    pub(super) fn reads_alerts(&self, selector: &Selector) -> bool {
        let named = |name: &str| names(selector).all(|matcher| matcher.accepts(name));
        let of_alerts = || selector.matchers.iter().filter(|m| &*m.name == "alertname");
        let asks = names(selector).next().is_some() || of_alerts().next().is_some();
        asks && OF_ALERTS.iter().any(|name| named(name))
            && self.alerts.iter().any(|alert| of_alerts().all(|matcher| matcher.accepts(alert)))
    }

    /// Whether the recording has a metric of that name.
    pub(super) fn is_recorded_metric(&self, name: &str) -> bool {
        self.store.is_some_and(|store| store.has_metric(name))
    }

    /// The labels that series of the recording have which are called as a selector says; none if there are no such series.
    pub(super) fn labels(&self, selector: &Selector) -> Option<LabelSet> {
        let store = self.store?;
        let conditions: Vec<Matcher> = names(selector).cloned().collect();
        let asked: String = conditions.iter().map(ToString::to_string).collect();
        let mut known = self.labels.borrow_mut();
        let labels = known.entry(asked).or_insert_with(|| {
            let labels = store.label_names(&conditions);
            (!labels.is_empty()).then(|| LabelSet::of(labels))
        });
        labels.clone()
    }

    /// The names of all metrics.
    pub(super) fn metrics(&self) -> Vec<String> {
        let of_store = self.store.into_iter().flat_map(|store| store.label_values(NAME, &[]));
        of_store
            .map(|name| name.to_string())
            .chain(self.recorded.keys().map(|name| (*name).to_owned()))
            .collect()
    }

    /// What `# TYPE` says of a metric: of its family, which may lack the suffix.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        let store = self.store?;
        let of_family = |suffix: &str, kinds: &[Kind]| {
            let kind = store.kind(name.strip_suffix(suffix)?)?;
            kinds.contains(&kind).then_some(kind)
        };
        store
            .kind(name)
            .or_else(|| of_family("_total", &[Kind::Counter]))
            .or_else(|| of_family("_bucket", &[Kind::Histogram]))
            .or_else(|| of_family("_count", &[Kind::Histogram, Kind::Summary]))
            .or_else(|| of_family("_sum", &[Kind::Histogram, Kind::Summary]))
    }
}

/// The name that a selector gives, if it gives one.
pub(super) fn name_of(selector: &Selector) -> Option<&str> {
    names(selector).find(|matcher| matcher.op == MatchOp::Equal).map(|matcher| &*matcher.value)
}

/// What a selector asks of the name.
pub(super) fn names(selector: &Selector) -> impl Iterator<Item = &Matcher> {
    selector.matchers.iter().filter(|matcher| *matcher.name == *NAME)
}

/// What a selector asks of other labels.
pub(super) fn conditions(selector: &Selector) -> impl Iterator<Item = &Matcher> {
    selector.matchers.iter().filter(|matcher| *matcher.name != *NAME)
}
