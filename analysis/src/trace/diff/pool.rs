//! The runs of a side, together.
//!
//! In: a [`Sample`] for each run. Out: of each row the spans of all runs in order of their durations, and its sums by block.
//! Not here: resampling.

use glyph_formats::TraceId;

use super::{
    sample::{Calls, Row, Sample, SpanName, Sums, compact},
    weights::{BLOCKS, block},
};

/// What is compared with something else: one run, or several of the same kind.
#[derive(Debug)]
pub struct Side {
    pub(super) runs: Vec<Sample>,
    pub(super) sample_ratio: Option<f64>,
    /// The block of each trace of each run.
    blocks: Vec<Vec<u16>>,
    /// Of all rows together.
    pub(super) whole: Vec<Sums>,
    /// Of all rows and blocks together, in each run.
    pub(super) of_runs: Vec<Sums>,
    /// The same in all runs.
    pub(super) all: Sums,
}

/// A span of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pooled {
    pub(super) duration_ns: u64,
    pub(super) block: u16,
    run: u16,
    trace: u32,
}

/// The spans of a row in all runs of a side.
#[derive(Debug)]
pub(super) struct Together {
    /// By duration.
    pub(super) spans: Vec<Pooled>,
    pub(super) blocks: Vec<Sums>,
    /// All blocks' sums together.
    pub(super) sums: Sums,
}

impl Side {
    /// A side of these runs. `sample_ratio` is the share of traces that were recorded, 0 to 1, if it is known to be the same
    /// in all of them.
    pub fn of(runs: Vec<Sample>, sample_ratio: Option<f64>) -> Self {
        let mut blocks = Vec::new();
        let (mut whole, mut of_runs) = (Vec::new(), Vec::new());
        for (number, run) in runs.iter().enumerate() {
            let of_run: Vec<u16> = run.traces.iter().map(|id| moved(block(*id), number)).collect();
            whole.extend(of_run.iter().map(|block| Sums { block: *block, traces: 1, ..Sums::default() }));
            let rows = run.rows.values().flat_map(|row| &row.blocks);
            whole.extend(rows.map(|sums| Sums { traces: 0, block: moved(sums.block, number), ..*sums }));
            let mut all = sum(run.rows.values().flat_map(|row| &row.blocks));
            all.traces = run.traces() as u32;
            of_runs.push(all);
            blocks.push(of_run);
            compact(&mut whole);
        }
        let all = sum(&of_runs);
        Self { runs, sample_ratio, blocks, whole, of_runs, all }
    }

    /// Whether no run has a span.
    pub fn is_empty(&self) -> bool {
        self.runs.iter().all(|run| run.spans() == 0)
    }

    /// How many traces all runs have.
    pub(super) fn traces(&self) -> u64 {
        self.runs.iter().map(|run| run.traces() as u64).sum()
    }

    /// How many spans all runs have.
    pub(super) fn spans(&self) -> u64 {
        self.runs.iter().map(Sample::spans).sum()
    }

    /// How long all runs last together, in nanoseconds.
    pub(super) fn lasts_ns(&self) -> u64 {
        self.runs
            .iter()
            .filter_map(|run| run.extent)
            .map(|(start, end)| end - start)
            .fold(0, u64::saturating_add)
    }

    /// How many spans start before what called them.
    pub(super) fn skewed(&self) -> u64 {
        self.runs.iter().map(Sample::skewed).sum()
    }

    /// The row in each run; none where it has no span.
    pub(super) fn rows<'a>(&'a self, name: &'a SpanName) -> impl Iterator<Item = Option<&'a Row>> + 'a {
        self.runs.iter().map(|run| run.rows.get(name))
    }

    /// The row in all runs; none if none has a span of it.
    pub(super) fn row(&self, name: &SpanName) -> Option<Together> {
        let mut spans = Vec::new();
        for ((number, row), blocks) in self.rows(name).enumerate().zip(&self.blocks) {
            let of_run = row.iter().flat_map(|row| &row.spans);
            spans.extend(of_run.map(|span| Pooled {
                duration_ns: span.duration_ns,
                block: blocks[span.trace as usize],
                run: number as u16,
                trace: span.trace,
            }));
        }
        spans.sort_unstable_by_key(|span| (span.duration_ns, self.trace(span)));
        let blocks = self.row_blocks(name);
        let sums = sum(&blocks);
        (!spans.is_empty()).then_some(Together { spans, blocks, sums })
    }

    /// The row's sums in all runs.
    pub(super) fn row_blocks(&self, name: &SpanName) -> Vec<Sums> {
        let mut blocks = Vec::new();
        for (number, row) in self.rows(name).enumerate() {
            let of_run = row.iter().flat_map(|row| &row.blocks);
            blocks.extend(of_run.map(|sums| Sums { block: moved(sums.block, number), ..*sums }));
        }
        compact(&mut blocks);
        blocks
    }

    /// How often the one called the other in all runs.
    pub(super) fn calls(&self, pair: &(Option<SpanName>, SpanName)) -> Vec<Calls> {
        let mut calls = Vec::new();
        for (number, run) in self.runs.iter().enumerate() {
            let of_run = run.calls.get(pair).into_iter().flatten();
            calls.extend(of_run.map(|calls| Calls { block: moved(calls.block, number), ..*calls }));
        }
        compact(&mut calls);
        calls
    }

    /// The trace of a span.
    pub(super) fn trace(&self, span: &Pooled) -> TraceId {
        self.runs[usize::from(span.run)].traces[span.trace as usize]
    }
}

impl Together {
    /// The nearest-rank percentile, in thousandths: the `ceil(q·n)`-th duration.
    pub(super) fn percentile_ns(&self, thousandths: u16) -> u64 {
        self.spans[rank(self.spans.len(), thousandths) - 1].duration_ns
    }
}

/// All of them together.
pub(super) fn sum<'a>(some: impl IntoIterator<Item = &'a Sums>) -> Sums {
    let mut all = Sums::default();
    some.into_iter().for_each(|more| all.add(more));
    all
}

/// Which of `n` durations by size, counted from 1, is that percentile.
pub(super) fn rank(n: usize, thousandths: u16) -> usize {
    (n * usize::from(thousandths)).div_ceil(1_000).max(1)
}

/// The block of another run's trace: a trace with the same id in two runs is two.
fn moved(block: u16, run: usize) -> u16 {
    ((usize::from(block) + run * (BLOCKS / 16 + 1)) % BLOCKS) as u16
}
