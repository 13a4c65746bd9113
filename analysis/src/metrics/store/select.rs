//! Which series there are: by conditions on their labels, and what labels these have.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{SeriesId, Store};
use crate::metrics::{MatchOp, Matcher, Str};

impl Store {
    /// The series that meet all conditions, sorted by their labels, as Prometheus has them.
    pub fn select(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        let mut found = self.candidates(matchers);
        for matcher in matchers {
            self.retain(&mut found, matcher);
        }
        found.sort_unstable_by(|a, b| self.series[*a as usize].labels.cmp(&self.series[*b as usize].labels));
        found
    }

    /// The names of the labels of the series that meet all conditions, sorted.
    pub fn label_names(&self, matchers: &[Matcher]) -> Vec<Str> {
        let names: BTreeSet<&Str> = if matchers.is_empty() {
            self.index.keys().collect()
        } else {
            let pairs = |id| self.series[id as usize].labels.pairs();
            self.select(matchers).into_iter().flat_map(pairs).map(|(name, _)| name).collect()
        };
        names.into_iter().cloned().collect()
    }

    /// The values that a label has in the series that meet all conditions, sorted.
    pub fn label_values(&self, name: &str, matchers: &[Matcher]) -> Vec<Str> {
        let Some(values) = self.index.get(name) else { return Vec::new() };
        let values: BTreeSet<&Str> = if matchers.is_empty() {
            values.keys().collect()
        } else {
            let pairs = |id| self.series[id as usize].labels.pairs();
            let all = self.select(matchers).into_iter().flat_map(pairs);
            all.filter(|(n, _)| **n == *name).map(|(_, value)| value).collect()
        };
        values.into_iter().cloned().collect()
    }

    /// A superset of what meets the conditions: what the index has for the one that leaves least. Of conditions that
    /// name values it is asked first, since that takes no look at the values of others.
    fn candidates(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        let needing = || matchers.iter().filter(|m| !m.accepts(""));
        let mut best: Option<Vec<SeriesId>> = None;
        for matcher in needing() {
            let Some(values) = self.index.get(&matcher.name) else { return Vec::new() };
            let Some(named) = matcher.named_values() else { continue };
            let lists = || named.iter().filter_map(|value| values.get(value));
            let count: usize = lists().map(Vec::len).sum();
            if best.as_ref().is_none_or(|best| count < best.len()) {
                best = Some(lists().flatten().copied().collect());
            }
        }
        if let Some(best) = best {
            return best;
        }
        let by_values = needing().map(|matcher| {
            let values = self.index.get(&matcher.name).into_iter().flatten();
            values.filter(|(value, _)| matcher.accepts(value)).flat_map(|(_, ids)| ids).copied().collect()
        });
        let all = || (0..self.series.len() as SeriesId).collect();
        by_values.min_by_key(Vec::len).unwrap_or_else(all)
    }

    /// Keeps what meets a condition. A regular expression is tried once on each value, however many series have it.
    fn retain(&self, found: &mut Vec<SeriesId>, matcher: &Matcher) {
        let value = |id: SeriesId| self.series[id as usize].labels.get(&matcher.name);
        if matches!(matcher.op, MatchOp::Equal | MatchOp::NotEqual) {
            return found.retain(|id| matcher.accepts(value(*id)));
        }
        let mut tried: FxHashMap<(*const u8, usize), bool> = FxHashMap::default();
        found.retain(|id| {
            let value = value(*id);
            // The same text is the same allocation.
            *tried.entry((value.as_ptr(), value.len())).or_insert_with(|| matcher.accepts(value))
        });
    }
}
