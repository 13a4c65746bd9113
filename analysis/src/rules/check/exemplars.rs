//! From a firing alert to observations that made it fire.

use rustc_hash::FxHashSet;

use super::{
    outcome::{ExemplarFound, Interval},
    reach::Leaf,
};
use crate::{
    metrics::{Exemplar, Labels, MatchOp, Matcher, SeriesId, Store, labels::NAME},
    promql::ast::Selector,
    rules::state::State,
};

/// Not more than these.
const MOST: usize = 10;

/// An exemplar on its way.
struct Candidate<'s> {
    exemplar: &'s Exemplar,
    series: &'s Labels,
    /// How far back its selector looks, in seconds.
    back: f64,
}

impl Candidate<'_> {
    /// Whether the alert looked at it in that interval.
    fn is_of(&self, interval: &Interval) -> bool {
        let time = self.exemplar.time as f64 / 1e3;
        interval.state == State::Firing && interval.start - self.back <= time && time <= interval.end
    }
}

/// The exemplars of the series that an alert's expression selects, from the times that it looked at while it fired:
/// those of the first selector first, of each the greatest first. A series belongs to the alert if it contradicts
/// none of its labels. Each firing interval gets its own, too.
pub(super) fn find(
    store: &Store,
    leaves: &[Leaf<'_>],
    labels: &Labels,
    intervals: &mut [Interval],
) -> Vec<ExemplarFound> {
    let fits = |series: &Labels| {
        labels.pairs().iter().all(|(name, value)| {
            let there = series.get(name);
            there.is_empty() || *there == **value
        })
    };
    let mut seen = FxHashSet::default();
    let mut found: Vec<Candidate<'_>> = Vec::new();
    for leaf in leaves {
        let back = leaf.back as f64 / 1e3;
        let mut here = Vec::new();
        for id in with_buckets(store, leaf.selector) {
            let series = &store.series()[id as usize].labels;
            if fits(series) && seen.insert(id) {
                let candidate = |exemplar| Candidate { exemplar, series, back };
                let looked_at = |one: &Candidate<'_>| intervals.iter().any(|interval| one.is_of(interval));
                here.extend(store.exemplars(id).iter().map(candidate).filter(looked_at));
            }
        }
        here.sort_by(|a, b| {
            let (a, b) = (a.exemplar, b.exemplar);
            b.value.total_cmp(&a.value).then(a.time.cmp(&b.time))
        });
        found.extend(here);
    }
    for interval in intervals {
        interval.exemplars = found.iter().filter(|one| one.is_of(interval)).take(MOST).map(told).collect();
    }
    found.iter().take(MOST).map(told).collect()
}

/// The series of a selector; of a histogram's count or sum also its buckets, which have the exemplars.
fn with_buckets(store: &Store, selector: &Selector) -> Vec<SeriesId> {
    let mut found = store.select(&selector.matchers);
    let mut buckets = selector.matchers.clone();
    let name = buckets.iter_mut().find(|m| *m.name == *NAME && m.op == MatchOp::Equal);
    let base =
        name.as_ref().and_then(|m| m.value.strip_suffix("_count").or_else(|| m.value.strip_suffix("_sum")));
    // A matcher knows more of its value than the text: it is made anew.
    let base = base.and_then(|base| Matcher::new(NAME, MatchOp::Equal, &format!("{base}_bucket")).ok());
    if let (Some(base), Some(name)) = (base, name) {
        *name = base;
        found.extend(store.select(&buckets));
    }
    found
}

fn told(one: &Candidate<'_>) -> ExemplarFound {
    let exemplar = one.exemplar;
    let id = |name: &str| Some(exemplar.labels.get(name)).filter(|id| !id.is_empty()).map(str::to_owned);
    ExemplarFound {
        trace_id: id("trace_id"),
        span_id: id("span_id"),
        value: exemplar.value,
        timestamp: exemplar.time as f64 / 1e3,
        series: one.series.to_map(),
    }
}
