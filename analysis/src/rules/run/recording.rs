//! What a recording rule writes: its series, and the markers where they end.

use rustc_hash::FxHashMap;

use super::{
    Times,
    history::Refused,
    results::{Results, has_twice},
};
use crate::{
    metrics::{Labels, SeriesId, Store, labels::NAME, stale::MARKER},
    rules::rule::Rule,
};

/// A recording rule's series.
pub(super) struct Recording<'r> {
    rule: &'r Rule,
    /// By the labels of results, the series they become.
    series: FxHashMap<Labels, SeriesId>,
    written: Written,
    pub(super) refused: Option<Refused>,
}

/// Which series a rule wrote at its last evaluation that went well.
#[derive(Debug, Default)]
pub(super) struct Written {
    last: Vec<SeriesId>,
}

impl Written {
    /// Adds samples of one evaluation, and markers for what was there before and is no longer. Gives those that were not
    /// taken: the store has others then.
    pub(super) fn write(
        &mut self,
        store: &mut Store,
        time: i64,
        samples: &[(SeriesId, f64)],
    ) -> Option<Refused> {
        let mut refused: Option<Refused> = None;
        for (id, value) in samples {
            if let Err(why) = store.push(*id, time, *value) {
                refused.get_or_insert(Refused { count: 0, first: time, why }).count += 1;
            }
        }
        let mut now: Vec<SeriesId> = samples.iter().map(|(id, _)| *id).collect();
        now.sort_unstable();
        for gone in self.last.iter().filter(|id| now.binary_search(id).is_err()) {
            // What another rule has written at this time is no fault.
            let _refused = store.push(*gone, time, MARKER);
        }
        self.last = now;
        refused
    }
}

impl<'r> Recording<'r> {
    pub(super) fn new(rule: &'r Rule) -> Self {
        Self { rule, series: FxHashMap::default(), written: Written::default(), refused: None }
    }

    /// Takes the results of some evaluations. Gives the errors, and at which evaluation.
    pub(super) fn take(
        &mut self,
        times: Times,
        limit: usize,
        results: &Results,
        store: &mut Store,
    ) -> Vec<(usize, String)> {
        let ids: Vec<SeriesId> = results.series.iter().map(|labels| self.id(labels, store)).collect();
        let mut errors = Vec::new();
        let mut samples = Vec::new();
        for k in 0..times.count {
            samples.clear();
            samples.extend(results.at(k).iter().map(|(row, value)| (ids[*row as usize], *value)));
            if has_twice(samples.iter().map(|(id, _)| *id)) {
                let what = "vector contains metrics with the same labelset after applying rule labels";
                errors.push((k, what.to_owned()));
            } else if limit > 0 && samples.len() > limit {
                errors.push((k, format!("exceeded limit of {limit} with {} series", samples.len())));
            } else {
                if let Some(refused) = self.written.write(store, times.at(k), &samples) {
                    self.refused.get_or_insert(Refused { count: 0, ..refused }).count += refused.count;
                }
            }
        }
        errors
    }

    fn id(&mut self, labels: &Labels, store: &mut Store) -> SeriesId {
        if let Some(id) = self.series.get(labels) {
            return *id;
        }
        let mut named = labels.with(NAME, &self.rule.name);
        for text in &self.rule.labels {
            named = named.with(&text.name, text.template.text());
        }
        let id = store.id_of(&named);
        self.series.insert(labels.clone(), id);
        id
    }
}
