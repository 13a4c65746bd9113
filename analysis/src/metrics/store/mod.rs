//! Series in columns, and an index of their labels.

mod later;
mod runs;
mod select;

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Labels, Str,
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

/// In Prometheus' words.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfOrder => "out of order sample",
            Self::Duplicate => "duplicate sample for timestamp",
        })
    }
}

/// All series of a recording.
#[derive(Debug, Default, Clone)]
pub struct Store {
    series: Vec<Series>,
    ids: FxHashMap<Labels, SeriesId>,
    /// By label name and value, ascending.
    index: FxHashMap<Str, FxHashMap<Str, Vec<SeriesId>>>,
    exemplars: FxHashMap<SeriesId, Vec<Exemplar>>,
    kinds: FxHashMap<Str, Kind>,
    texts: FxHashSet<Str>,
    /// Where the samples of the file that is being read begin, of the series that were there before it.
    runs: Vec<usize>,
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
    #[inline]
    pub(crate) fn push(&mut self, id: SeriesId, time: i64, value: f64) -> Result<(), Refusal> {
        let series = &mut self.series[id as usize];
        if series.times.last().is_some_and(|last| time <= *last) {
            return self.push_late(id, time, value);
        }
        series.times.push(time);
        series.values.push(value);
        Ok(())
    }

    /// Adds a sample that is not newer than what is there.
    #[cold]
    fn push_late(&mut self, id: SeriesId, time: i64, value: f64) -> Result<(), Refusal> {
        let begins = self.begins_run(id);
        let series = &mut self.series[id as usize];
        if begins {
            series.times.push(time);
            series.values.push(value);
            return Ok(());
        }
        if series.times.last() != Some(&time) {
            return Err(Refusal::OutOfOrder);
        }
        let same = series.values.last().is_some_and(|there| there.to_bits() == value.to_bits());
        if same { Ok(()) } else { Err(Refusal::Duplicate) }
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
    pub(crate) fn id_of(&mut self, labels: &Labels) -> SeriesId {
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
mod tests;
