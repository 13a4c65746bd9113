//! Series in columns, and an index of their labels.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Labels, MatchOp, Matcher, Str,
    labels::NAME,
    stale::{self, is_marker},
};

/// A series' place in its store.
pub type SeriesId = u32;

/// The samples of one series, oldest first; no time stands twice.
#[derive(Debug, Clone)]
pub struct Series {
    /// What it is called.
    pub labels: Labels,
    /// When, in milliseconds since the epoch.
    pub times: Vec<i64>,
    /// What, at each of these times; [`stale::MARKER`] where the series ended.
    pub values: Vec<f64>,
}

/// An observation that a bucket remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Its own labels, `trace_id` among them.
    pub labels: Labels,
    /// What was observed.
    pub value: f64,
    /// When, in milliseconds since the epoch; the sample's own time if the exemplar has none.
    pub time: i64,
}

/// What `# TYPE` says of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, but for restarts.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Cumulative buckets.
    Histogram,
    /// Quantiles that the target computed.
    Summary,
    /// Anything else.
    Other,
}

/// Why a sample was not taken, as Prometheus would not take it either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is older than the series' newest.
    OutOfOrder,
    /// The series has another value at that time.
    Duplicate,
}

/// All series of a recording.
#[derive(Debug, Default)]
pub struct Store {
    series: Vec<Series>,
    ids: FxHashMap<Labels, SeriesId>,
    /// By label name and value, ascending.
    index: FxHashMap<Str, FxHashMap<Str, Vec<SeriesId>>>,
    exemplars: FxHashMap<SeriesId, Vec<Exemplar>>,
    kinds: FxHashMap<Str, Kind>,
    texts: FxHashSet<Str>,
}

impl Store {
    /// A store without series.
    pub fn new() -> Self {
        Self::default()
    }

    /// All series, in the order in which they came.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// How many samples there are, markers among them.
    pub fn samples(&self) -> usize {
        self.series.iter().map(|s| s.times.len()).sum()
    }

    /// The times of the first and the last sample.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let ends = |s: &Series| Some((*s.times.first()?, *s.times.last()?));
        self.series.iter().filter_map(ends).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// What `# TYPE` said of a family.
    pub fn kind(&self, family: &str) -> Option<Kind> {
        self.kinds.get(family).copied()
    }

    /// The exemplars of a series, oldest first.
    pub fn exemplars(&self, id: SeriesId) -> &[Exemplar] {
        self.exemplars.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Adds a sample.
    ///
    /// # Errors
    /// If it is older than what is there, or differs from what is there at that time.
    pub fn append(&mut self, labels: &Labels, time: i64, value: f64) -> Result<(), Refusal> {
        let id = self.id_of(labels);
        self.push(id, time, value)
    }

    /// Adds a sample to a series that is known.
    pub(super) fn push(&mut self, id: SeriesId, time: i64, value: f64) -> Result<(), Refusal> {
        let series = &mut self.series[id as usize];
        match (series.times.last(), series.values.last()) {
            (Some(last), _) if time < *last => Err(Refusal::OutOfOrder),
            (Some(last), Some(there)) if time == *last => {
                if there.to_bits() == value.to_bits() {
                    Ok(())
                } else {
                    Err(Refusal::Duplicate)
                }
            }
            _ => {
                series.times.push(time);
                series.values.push(value);
                Ok(())
            }
        }
    }

    /// Adds an exemplar, unless it is the one that came last: a bucket shows the same one until it has a new one.
    pub(super) fn push_exemplar(&mut self, id: SeriesId, exemplar: Exemplar) {
        let there = self.exemplars.entry(id).or_default();
        if there.last() != Some(&exemplar) {
            there.push(exemplar);
        }
    }

    pub(super) fn set_kind(&mut self, family: &str, kind: Kind) {
        if !self.kinds.contains_key(family) {
            self.kinds.insert(family.into(), kind);
        }
    }

    /// The series of that name; a new one if there is none.
    pub(super) fn id_of(&mut self, labels: &Labels) -> SeriesId {
        if let Some(id) = self.ids.get(labels) {
            return *id;
        }
        let mut interned = Vec::with_capacity(labels.pairs().len());
        for (name, value) in labels.pairs() {
            interned.push((self.intern(name), self.intern(value)));
        }
        let labels = Labels::new(interned);
        let id = self.series.len() as SeriesId;
        for (name, value) in labels.pairs() {
            self.index.entry(name.clone()).or_default().entry(value.clone()).or_default().push(id);
        }
        self.ids.insert(labels.clone(), id);
        self.series.push(Series { labels, times: Vec::new(), values: Vec::new() });
        id
    }

    fn intern(&mut self, text: &Str) -> Str {
        if let Some(there) = self.texts.get(text) {
            return there.clone();
        }
        self.texts.insert(text.clone());
        text.clone()
    }

    /// Puts stale markers at `times`, at which the series has no samples.
    pub(super) fn insert_markers(&mut self, id: SeriesId, times: &[i64]) {
        let series = &mut self.series[id as usize];
        let samples = series.times.iter().copied().zip(series.values.iter().copied());
        let mut all: Vec<_> = samples.chain(times.iter().map(|t| (*t, stale::MARKER))).collect();
        all.sort_by_key(|(time, _)| *time);
        (series.times, series.values) = all.into_iter().unzip();
    }

    /// The series that meet all conditions, sorted by their labels, as Prometheus has them.
    pub fn select(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        let mut found: Vec<SeriesId> = self
            .candidates(matchers)
            .into_iter()
            .filter(|id| matchers.iter().all(|m| m.admits(&self.series[*id as usize].labels)))
            .collect();
        found.sort_by(|a, b| self.series[*a as usize].labels.cmp(&self.series[*b as usize].labels));
        found
    }

    /// A superset of what meets the conditions: what the most selective of them leaves.
    fn candidates(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        let needs_label = |m: &&Matcher| !m.accepts("");
        let mut best: Option<Vec<SeriesId>> = None;
        for matcher in matchers.iter().filter(needs_label) {
            let Some(values) = self.index.get(&matcher.name) else { return Vec::new() };
            let ids: Vec<SeriesId> = match matcher.op {
                MatchOp::Equal => values.get(&matcher.value).cloned().unwrap_or_default(),
                _ if best.is_some() => continue,
                _ => values
                    .iter()
                    .filter(|(v, _)| matcher.accepts(v))
                    .flat_map(|(_, ids)| ids.clone())
                    .collect(),
            };
            if best.as_ref().is_none_or(|b| ids.len() < b.len()) {
                best = Some(ids);
            }
        }
        best.unwrap_or_else(|| (0..self.series.len() as SeriesId).collect())
    }

    /// Whether there is a metric of that name.
    pub fn has_metric(&self, name: &str) -> bool {
        self.index.get(NAME).is_some_and(|names| names.contains_key(name))
    }
}

impl Series {
    /// The newest sample in `(after, until]`; none if the series has ended there.
    pub fn latest(&self, after: i64, until: i64) -> Option<(i64, f64)> {
        let at = self.times.partition_point(|t| *t <= until).checked_sub(1)?;
        let (time, value) = (self.times[at], self.values[at]);
        (time > after && !is_marker(value)).then_some((time, value))
    }

    /// The samples in `(after, until]`, markers among them.
    pub fn window(&self, after: i64, until: i64) -> (&[i64], &[f64]) {
        let from = self.times.partition_point(|t| *t <= after);
        let to = from + self.times[from..].partition_point(|t| *t <= until);
        (&self.times[from..to], &self.values[from..to])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_by_their_labels() {
        let mut store = Store::new();
        for labels in [
            [("__name__", "a"), ("x", "1")],
            [("__name__", "a"), ("x", "2")],
            [("__name__", "b"), ("y", "1")],
        ] {
            store.append(&Labels::of(labels), 0, 1.0).unwrap();
        }
        type Conditions = &'static [(&'static str, MatchOp, &'static str)];
        let table: [(Conditions, usize); 7] = [
            (&[("__name__", MatchOp::Equal, "a")], 2),
            (&[("__name__", MatchOp::Equal, "a"), ("x", MatchOp::NotEqual, "1")], 1),
            (&[("x", MatchOp::Matches, "1|2")], 2),
            (&[("x", MatchOp::Equal, "")], 1),
            (&[("x", MatchOp::MatchesNot, "1")], 2),
            (&[("z", MatchOp::Matches, ".+")], 0),
            (&[("__name__", MatchOp::Matches, ".*"), ("y", MatchOp::Equal, "1")], 1),
        ];
        for (conditions, expected) in table {
            let matchers: Vec<_> =
                conditions.iter().map(|(n, op, v)| Matcher::new(n, *op, v).unwrap()).collect();
            assert_eq!(store.select(&matchers).len(), expected, "{conditions:?}");
        }
    }

    #[test]
    fn samples_are_refused_as_prometheus_refuses_them() {
        let mut store = Store::new();
        let labels = Labels::of([("__name__", "a")]);
        assert_eq!(store.append(&labels, 10, 1.0), Ok(()));
        assert_eq!(store.append(&labels, 10, 1.0), Ok(()));
        assert_eq!(store.append(&labels, 10, 2.0), Err(Refusal::Duplicate));
        assert_eq!(store.append(&labels, 9, 1.0), Err(Refusal::OutOfOrder));
        assert_eq!(store.samples(), 1);
    }

    #[test]
    fn lookback_is_open_on_the_left_and_ends_at_a_marker() {
        let mut store = Store::new();
        let labels = Labels::of([("__name__", "a")]);
        for (time, value) in [(0, 1.0), (10, 2.0), (20, stale::MARKER)] {
            store.append(&labels, time, value).unwrap();
        }
        let series = &store.series()[0];
        assert_eq!(series.latest(0, 10), Some((10, 2.0)));
        assert_eq!(series.latest(10, 15), None);
        assert_eq!(series.latest(0, 25), None);
        assert_eq!(series.window(0, 20).0, [10, 20]);
    }
}
