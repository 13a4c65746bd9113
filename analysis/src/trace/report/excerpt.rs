//! One trace, cut to what can be looked at: its most telling spans, each with those above it.
//!
//! In: resolved [`Traces`] and which trace. Out: [`Excerpt`], rows as a waterfall has them, with the stretches that the trace
//! waited for. What is left out is counted at the row that it is below. Not here: how a row is drawn.

use std::cmp::Reverse;

use glyph_formats::{TraceId, span::SpanStatus};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::trace::{
    Traces,
    critical_path::{CriticalPath, stretches},
    waterfall::{self, Row},
};

/// A trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// Its id.
    pub trace_id: TraceId,
    /// When its first span starts.
    pub start_unix_nano: u64,
    /// From there to when its last span ends.
    pub duration_ns: u64,
    /// How many spans it has.
    pub spans: u64,
    /// How many of these failed.
    pub failed: u64,
    /// Those that are shown, each after the one above it, siblings by start.
    pub lines: Vec<Line>,
}

/// A span of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What is known of it.
    pub row: Row,
    /// When the trace waited for the span itself: from the trace's start, and how long, both in nanoseconds; in order.
    pub critical: Vec<(u64, u64)>,
    /// How many spans below it are left out, without those that are below a line of their own.
    pub left_out: u64,
}

impl Excerpt {
    /// Trace `t` with up to `most` spans: first those that failed, then those with the largest part of the critical path, then
    /// the longest. `path` is [`Traces::critical_path`].
    pub fn of(traces: &Traces, t: usize, path: &CriticalPath, most: usize) -> Self {
        let (spans, tree) = (&traces.spans, &traces.tree);
        let (start, end) = traces.extent(t);
        let members = tree.trace(t);
        let mut critical: FxHashMap<usize, Vec<(u64, u64)>> = FxHashMap::default();
        for (span, from, to) in stretches(&spans.start, &spans.end, tree, t) {
            critical.entry(span).or_default().push((from - start, to - from));
        }
        let is_shown = telling(traces, members, path, most);
        let mut roots: Vec<u32> =
            members.iter().copied().filter(|i| tree.parent(*i as usize).is_none()).collect();
        roots.sort_unstable_by_key(|i| (spans.start[*i as usize], *i));
        let mut lines: Vec<Line> = Vec::new();
        // The last is taken first. Beside a span and its depth stands the line that it is below.
        let mut next: Vec<(u32, usize, Option<usize>)> =
            roots.into_iter().rev().map(|i| (i, 0, None)).collect();
        while let Some((i, depth, above)) = next.pop() {
            let mut below = above;
            if is_shown.contains(&i) {
                below = Some(lines.len());
                let mut critical = critical.remove(&(i as usize)).unwrap_or_default();
                critical.sort_unstable();
                let row = waterfall::row(traces, i as usize, depth, start, path);
                lines.push(Line { row, critical, left_out: 0 });
            } else if let Some(above) = above {
                lines[above].left_out += 1;
            }
            next.extend(tree.children(i as usize).iter().rev().map(|c| (*c, depth + 1, below)));
        }
        let failed = members.iter().filter(|i| spans.status[**i as usize] == SpanStatus::Error).count();
        Self {
            trace_id: spans.trace_ids()[t],
            start_unix_nano: start,
            duration_ns: end - start,
            spans: members.len() as u64,
            failed: failed as u64,
            lines,
        }
    }
}

/// The spans to show, by position.
fn telling(traces: &Traces, members: &[u32], path: &CriticalPath, most: usize) -> FxHashSet<u32> {
    let spans = &traces.spans;
    let mut order = members.to_vec();
    order.sort_by_key(|i| {
        let at = *i as usize;
        (spans.status[at] != SpanStatus::Error, Reverse(path.own_ns[at]), Reverse(spans.duration(at)), *i)
    });
    let mut shown: FxHashSet<u32> = FxHashSet::default();
    let mut way: Vec<u32> = Vec::new();
    for i in order {
        way.clear();
        let mut at = Some(i as usize);
        while let Some(span) = at.filter(|span| !shown.contains(&(*span as u32))) {
            way.push(span as u32);
            at = traces.tree.parent(span);
        }
        // Of a span without the way to it nobody knows where it belongs.
        if shown.len() + way.len() <= most {
            shown.extend(&way);
        }
        if shown.len() == most {
            break;
        }
    }
    shown
}
