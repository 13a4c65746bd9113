//! A sample on its way, in numbers instead of names.

use std::collections::BTreeSet;

use glyph_formats::{TraceId, span::SpanStatus};
use rustc_hash::FxHashMap;

use super::{Calls, Observed, Row, Sample, SpanName, Sums, compact, push};
use crate::trace::{Oddities, Traces, columns::union, diff::weights::block};

/// Stands for the caller of a root.
const NOBODY: u32 = u32::MAX;

/// Of so many traces in which a span of a row failed the ids are kept.
const FAILED: usize = 3;

/// What is known of some parts.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    traces: Vec<TraceId>,
    /// By the number of the group.
    rows: Vec<Row>,
    /// By caller and callee.
    calls: FxHashMap<(u32, u32), Vec<Calls>>,
    spans: u64,
    extent: Option<(u64, u64)>,
}

impl Gathered {
    pub(super) fn of(groups: usize) -> Self {
        Self { rows: vec![Row::default(); groups], ..Self::default() }
    }

    /// Adds some traces. `group` is the number of each span's group; spans of other numbers do not count.
    pub(super) fn add(&mut self, traces: &Traces, group: &[u32]) {
        let self_ns = traces.self_times();
        let critical_ns = traces.critical_path().own_ns;
        let spans = &traces.spans;
        let mut of_trace: Vec<(u32, Sums)> = Vec::new();
        let mut called: Vec<(u32, u32)> = Vec::new();
        for (t, id) in spans.trace_ids().iter().enumerate() {
            let block = block(*id);
            of_trace.clear();
            called.clear();
            for i in traces.tree.trace(t).iter().map(|i| *i as usize) {
                let Some(row) = self.rows.get_mut(group[i] as usize) else { continue };
                let duration_ns = spans.duration(i);
                let is_error = spans.status[i] == SpanStatus::Error;
                row.spans.push(Observed { duration_ns, trace: self.traces.len() as u32 });
                if is_error {
                    row.failed.insert(*id);
                    keep_few(&mut row.failed);
                }
                let sums = Sums {
                    block,
                    traces: 1,
                    spans: 1,
                    errors: is_error.into(),
                    total_ns: duration_ns,
                    self_ns: self_ns[i],
                    critical_ns: critical_ns[i],
                };
                of_trace.push((group[i], sums));
                called.push((caller(traces, group, self.rows.len(), i), group[i]));
                self.extent = union(self.extent, Some((spans.start[i], spans.end[i])));
            }
            if of_trace.is_empty() {
                continue;
            }
            self.traces.push(*id);
            self.spans += of_trace.len() as u64;
            of_trace.sort_by_key(|(group, _)| *group);
            for same in of_trace.chunk_by(|a, b| a.0 == b.0) {
                let mut sums = same[0].1;
                same[1..].iter().for_each(|(_, more)| sums.add(more));
                push(&mut self.rows[same[0].0 as usize].blocks, Sums { traces: 1, ..sums });
            }
            called.sort_unstable();
            for same in called.chunk_by(|a, b| a == b) {
                push(self.calls.entry(same[0]).or_default(), Calls { block, count: same.len() as u32 });
            }
        }
    }

    /// Adds what is known of other parts.
    pub(super) fn absorb(&mut self, other: Self) {
        let before = self.traces.len() as u32;
        self.traces.extend(other.traces);
        for (row, more) in self.rows.iter_mut().zip(other.rows) {
            let spans = more.spans.into_iter();
            row.spans.extend(spans.map(|span| Observed { trace: span.trace + before, ..span }));
            row.blocks.extend(more.blocks);
            row.failed.extend(more.failed);
            keep_few(&mut row.failed);
        }
        for (pair, more) in other.calls {
            self.calls.entry(pair).or_default().extend(more);
        }
        self.spans += other.spans;
        self.extent = union(self.extent, other.extent);
    }

    /// Gives the groups their names; those without a span are left out.
    pub(super) fn into_sample(self, names: &[SpanName], oddities: Oddities) -> Sample {
        let mut sample = Sample {
            traces: self.traces,
            spans: self.spans,
            extent: self.extent,
            oddities,
            ..Sample::default()
        };
        for (mut row, name) in self.rows.into_iter().zip(names) {
            if row.spans.is_empty() {
                continue;
            }
            compact(&mut row.blocks);
            sample.rows.insert(name.clone(), row);
        }
        for ((caller, callee), mut calls) in self.calls {
            compact(&mut calls);
            let caller = (caller != NOBODY).then(|| names[caller as usize].clone());
            sample.calls.insert((caller, names[callee as usize].clone()), calls);
        }
        sample
    }
}

/// Keeps the first by their ids, so that it does not matter in which order they came.
fn keep_few(failed: &mut BTreeSet<TraceId>) {
    while failed.len() > FAILED {
        failed.pop_last();
    }
}

/// The group of the nearest ancestor that counts.
fn caller(traces: &Traces, group: &[u32], groups: usize, i: usize) -> u32 {
    let ancestors = std::iter::successors(traces.tree.parent(i), |up| traces.tree.parent(*up));
    ancestors.map(|up| group[up]).find(|group| (*group as usize) < groups).unwrap_or(NOBODY)
}
