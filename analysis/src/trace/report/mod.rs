//! What a report of many traces shows.
//!
//! In: resolved [`Traces`]. Out: [`Report`], everything that is said of all traces, bounded whatever their number; and an
//! [`Excerpt`] of each trace that is shown by itself. Not here: how any of it looks.

pub mod histogram;
pub mod overview;
pub mod flame;
pub mod excerpt;
pub mod layers;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

pub use self::{
    excerpt::{Excerpt, Line},
    flame::{Cost, Flame, Frame},
    histogram::Histogram,
    overview::Overview,
};
use super::{Choice, Traces, summary::Summary};

/// So many rows are shown; the rest is counted.
pub const MOST_ROWS: usize = 200;

/// What is said of all traces.
#[derive(Debug)]
pub struct Report {
    /// When traces began, and how long they took.
    pub overview: Overview,
    /// A row for each service and span name, by descending critical path; [`MOST_ROWS`] at most.
    pub summary: Summary,
    /// How the durations of each row are spread.
    pub spreads: Vec<Histogram>,
    /// Where the time went.
    pub flame: Flame,
}

/// The traces to show by themselves, as positions in [`super::Spans::trace_ids`], the slowest first. None is in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The slowest of all.
    pub slowest: Vec<usize>,
    /// The slowest of the others that failed.
    pub failed: Vec<usize>,
}

impl Report {
    /// That of these traces.
    pub fn of(traces: &Traces) -> Self {
        let mut summary = traces.summarize();
        summary.rows.sort_by_key(|row| Reverse(row.critical_path_ns));
        summary.keep_first(MOST_ROWS);
        let spreads = spreads(traces, &summary);
        Self { overview: Overview::of(traces), summary, spreads, flame: Flame::of(traces) }
    }
}

impl Shown {
    /// So many of the slowest, and so many of the others that failed.
    pub fn of(traces: &Traces, slowest: usize, failed: usize) -> Self {
        let by_duration = traces.choose(&Choice { slowest: Some(slowest), ..Choice::default() });
        let mut others = traces.choose(&Choice { errors: true, ..Choice::default() });
        others.retain(|t| !by_duration.contains(t));
        others.truncate(failed);
        Self { slowest: by_duration, failed: others }
    }

    /// All of them.
    pub fn all(&self) -> Vec<usize> {
        [self.slowest.as_slice(), &self.failed].concat()
    }
}

/// A histogram for each row.
fn spreads(traces: &Traces, summary: &Summary) -> Vec<Histogram> {
    let spans = &traces.spans;
    let rows: FxHashMap<(&str, &str), usize> =
        summary.rows.iter().enumerate().map(|(at, row)| ((row.service(), row.name()), at)).collect();
    let mut row_of: FxHashMap<(u32, u32), Option<usize>> = FxHashMap::default();
    let mut spreads = vec![Histogram::default(); summary.rows.len()];
    for i in 0..spans.len() {
        let (service, name) = (spans.service[i], spans.name[i]);
        let row = *row_of
            .entry((service, name))
            .or_insert_with(|| rows.get(&(spans.services.text(service), spans.names.text(name))).copied());
        if let Some(row) = row {
            spreads[row].add(spans.duration(i));
        }
    }
    spreads
}

#[cfg(test)]
mod tests;
