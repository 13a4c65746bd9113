//! From what became of a rule to what is said of it.

use std::{collections::BTreeMap, path::Path};

use super::{
    Alert, Interval, Prepared,
    comparison::{Comparison, Watch},
    exemplars,
};
use crate::{
    metrics::{Labels, Store},
    rules::{
        rule::{Group, Rule},
        run::{AlertHistory, History, Times, World, fill},
        state::State,
    },
};

/// What is needed to say something of the rules of a group.
pub(super) struct Judge<'a> {
    pub(super) path: &'a Path,
    pub(super) store: &'a Store,
    pub(super) world: &'a World,
    pub(super) group: &'a Group,
    pub(super) times: Times,
}

impl Judge<'_> {
    /// The alerts of a rule; of one that had none, what can be said of it.
    pub(super) fn alerts(
        &self,
        rule: &Rule,
        history: History,
        prepared: Prepared<'_>,
        comparison: Option<&Comparison>,
    ) -> Vec<Alert> {
        let looked = Times { first: self.times.first - self.group.query_offset, ..self.times };
        let watch = comparison.map(|c| c.watch(self.store, looked, self.world.settings));
        let watch = watch.as_ref();
        let fired = history.alerts.iter().any(|alert| alert.furthest() == State::Firing);
        let end = self.times.last();
        let obstacle = match end {
            None => prepared.obstacle.or_else(|| Some("no evaluation falls into the recording".to_owned())),
            Some(_) => prepared.obstacle,
        };
        let reason = obstacle.filter(|_| !fired);
        let end = end.unwrap_or(0);
        let mut found: Vec<_> = history.alerts.into_iter().filter(|alert| !alert.spans.is_empty()).collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        let alerts: Vec<Alert> = found
            .iter()
            .map(|alert| {
                let result = alert.sources.first().map_or_else(Labels::empty, Labels::without_name);
                let peaks = alert.sources.iter().filter_map(|s| watch?.peak(&s.without_name()));
                let peak = watch.and_then(|w| w.furthest(peaks));
                let mut intervals = intervals(alert, end);
                Alert {
                    alert: rule.name.clone(),
                    exemplars: exemplars::find(self.store, &prepared.leaves, &result, &mut intervals),
                    labels: alert.labels.to_map(),
                    annotations: alert.annotations_at(end, rule, self.world, self.store),
                    state: if reason.is_some() { State::Undecided } else { alert.furthest() },
                    intervals,
                    peak,
                    threshold: watch.and_then(|w| w.threshold),
                    margin: peak.and_then(|peak| watch?.margin(peak)),
                    reason: reason.clone(),
                    place: (self.path.to_owned(), rule.line),
                }
            })
            .collect();
        if alerts.is_empty() { vec![self.quiet(rule, watch, reason)] } else { alerts }
    }

    /// The entry of a rule that never had a result: how close what it compares has come.
    fn quiet(&self, rule: &Rule, watch: Option<&Watch<'_>>, reason: Option<String>) -> Alert {
        let closest = watch.and_then(Watch::closest);
        let peak = closest.map(|(_, peak)| peak);
        let none = Labels::empty();
        let (source, value) = closest.unwrap_or((&none, f64::NAN));
        let mut labels = source.without_name();
        for text in &rule.labels {
            labels = labels.with(
                &text.name,
                &fill(text, source, value, self.world, self.times.last().unwrap_or(0), None),
            );
        }
        Alert {
            alert: rule.name.clone(),
            labels: labels.to_map(),
            annotations: BTreeMap::new(),
            state: if reason.is_some() { State::Undecided } else { State::Inactive },
            intervals: Vec::new(),
            peak,
            threshold: watch.and_then(|w| w.threshold),
            margin: peak.and_then(|peak| watch?.margin(peak)),
            exemplars: Vec::new(),
            reason,
            place: (self.path.to_owned(), rule.line),
        }
    }
}

impl AlertHistory {
    /// The furthest that it came.
    fn furthest(&self) -> State {
        self.spans.iter().map(|span| span.state).max().unwrap_or(State::Inactive)
    }
}

/// In seconds; what has not ended, up to the last evaluation.
fn intervals(alert: &AlertHistory, end: i64) -> Vec<Interval> {
    let seconds = |ms: i64| ms as f64 / 1e3;
    let told = |span: &crate::rules::run::Span| {
        Interval::new(span.state, seconds(span.start), seconds(span.end.unwrap_or(end)))
    };
    alert.spans.iter().map(told).collect()
}
