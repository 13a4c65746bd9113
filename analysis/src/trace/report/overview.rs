//! What all traces come to, and when they were how slow.
//!
//! In: resolved [`Traces`]. Out: [`Overview`]: percentiles of the traces' durations, and a grid of when they began
//! against how long they lasted.

use std::collections::BTreeMap;

use glyph_formats::span::SpanStatus;

use super::histogram::{PER_POWER, bucket};
use crate::trace::Traces;

/// Into how many columns the time is divided.
pub const COLUMNS: usize = 120;
/// How many rows of the grid make a power of two.
pub const ROWS_PER_POWER: usize = 2;

/// All traces. A trace lasts from the start of its first span to the end of its last; one with a failed span failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// How many there are.
    pub traces: u64,
    /// How many failed.
    pub failed: u64,
    /// The nearest-rank percentiles 50, 95, 99 and 100 of their durations.
    pub percentiles: [u64; 4],
    /// When the first span starts and the last one ends, in Unix nanoseconds; none without spans.
    pub extent: Option<(u64, u64)>,
    /// What began when, by column. Each column is `1/COLUMNS` of the time from the first trace's start to the last
    /// trace's.
    pub columns: Vec<Column>,
    /// When the first trace starts and the last one does.
    pub starts: (u64, u64),
}

/// The traces that began at some time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// How many there are by duration: row `r` has those from `2^(r/2)` ns on.
    pub cells: BTreeMap<usize, u64>,
    /// How many failed.
    pub failed: u64,
}

impl Overview {
    /// That of these traces.
    pub fn of(traces: &Traces) -> Self {
        let spans = &traces.spans;
        let each = 0..spans.trace_ids().len();
        let extents: Vec<(u64, u64)> = each.clone().map(|t| traces.extent(t)).collect();
        let Some((first, last)) = extents.iter().map(|e| e.0).min().zip(extents.iter().map(|e| e.0).max())
        else {
            return Self::default();
        };
        let mut columns = vec![Column::default(); COLUMNS];
        let mut failed = 0;
        for t in each {
            let (start, end) = extents[t];
            let column = &mut columns[column_of(start - first, last - first)];
            *column.cells.entry(bucket(end - start) / (PER_POWER / ROWS_PER_POWER)).or_default() += 1;
            let has_failed =
                traces.tree.trace(t).iter().any(|i| spans.status[*i as usize] == SpanStatus::Error);
            column.failed += u64::from(has_failed);
            failed += u64::from(has_failed);
        }
        let mut durations: Vec<u64> = extents.iter().map(|(start, end)| end - start).collect();
        durations.sort_unstable();
        let rank = |q: usize| durations[(durations.len() * q).div_ceil(100) - 1];
        Self {
            traces: durations.len() as u64,
            failed,
            percentiles: [50, 95, 99, 100].map(rank),
            extent: spans.extent(),
            columns,
            starts: (first, last),
        }
    }
}

/// The column of what begins `at` after the first of all, where the last one does so after `whole`.
fn column_of(at: u64, whole: u64) -> usize {
    let column = u128::from(at) * COLUMNS as u128 / (u128::from(whole) + 1);
    column as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_in_the_first_and_the_last() {
        assert_eq!((column_of(0, 0), column_of(0, 9), column_of(9, 9)), (0, 0, COLUMNS * 9 / 10));
        assert_eq!(column_of(u64::MAX, u64::MAX), COLUMNS - 1);
    }
}
