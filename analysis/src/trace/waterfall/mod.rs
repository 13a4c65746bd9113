//! The waterfall: one trace as rows of text, each span with a bar where its time lies.
//!
//! In: resolved [`Traces`] and which trace. Out: [`Waterfall`], rows in the order in which they are read, and with
//! [`render`] lines of a given width. Not here: colours, which are only named ([`Ink`]), and the terminal.

mod render;

use glyph_formats::{
    Attributes, TraceId,
    span::{SpanEvent, SpanKind, SpanStatus},
};

pub use render::{Ink, Options, Piece, render};

use super::{CriticalPath, Traces};

/// One trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// The trace.
    pub trace_id: TraceId,
    /// When its first span starts.
    pub start_unix_nano: u64,
    /// From there to when its last span ends.
    pub duration_ns: u64,
    /// The spans, each after its parent, siblings by start.
    pub rows: Vec<Row>,
}

/// One span of a [`Waterfall`].
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// How many ancestors it has in the files.
    pub depth: usize,
    /// Its id.
    pub span_id: u64,
    /// The id of the span that caused it, be that in the files or not; zero for none.
    pub parent_span_id: u64,
    /// The service.
    pub service: String,
    /// The span name.
    pub name: String,
    /// The span's role between services.
    pub kind: SpanKind,
    /// How it ended.
    pub status: SpanStatus,
    /// When it starts.
    pub start_unix_nano: u64,
    /// From the trace's start to the span's.
    pub offset_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// Its own part of that path.
    pub critical_path_ns: u64,
    /// Why it failed, if the loader kept that.
    pub status_message: Option<String>,
    /// The attributes, if the loader kept them.
    pub attributes: Attributes,
    /// The events, if the loader kept them.
    pub events: Vec<SpanEvent>,
}

impl Waterfall {
    /// The rows of trace `t`. `path` is [`Traces::critical_path`].
    pub fn of(traces: &Traces, t: usize, path: &CriticalPath) -> Self {
        let spans = &traces.spans;
        let (start, end) = traces.extent(t);
        let by_start = |i: &u32| (spans.start[*i as usize], *i);
        let members = traces.tree.trace(t);
        let mut roots: Vec<u32> =
            members.iter().copied().filter(|i| traces.tree.parent(*i as usize).is_none()).collect();
        roots.sort_unstable_by_key(by_start);
        let mut next: Vec<(u32, usize)> = roots.into_iter().rev().map(|i| (i, 0)).collect();
        let mut rows = Vec::with_capacity(members.len());
        while let Some((i, depth)) = next.pop() {
            let i = i as usize;
            next.extend(traces.tree.children(i).iter().rev().map(|c| (*c, depth + 1)));
            rows.push(row(traces, i, depth, start, path));
        }
        Self { trace_id: spans.trace_ids()[t], start_unix_nano: start, duration_ns: end - start, rows }
    }
}

pub(super) fn row(traces: &Traces, i: usize, depth: usize, trace_start: u64, path: &CriticalPath) -> Row {
    let spans = &traces.spans;
    let detail = spans.details.get(i);
    Row {
        depth,
        span_id: spans.span_id[i],
        parent_span_id: spans.parent_id[i],
        service: spans.services.text(spans.service[i]).to_owned(),
        name: spans.names.text(spans.name[i]).to_owned(),
        kind: spans.kind[i],
        status: spans.status[i],
        start_unix_nano: spans.start[i],
        offset_ns: spans.start[i] - trace_start,
        duration_ns: spans.duration(i),
        critical: path.contains[i],
        critical_path_ns: path.own_ns[i],
        // What can't be read of these is left out of the picture; the span itself stands.
        status_message: serde_json::from_str(detail.status_message).ok(),
        attributes: serde_json::from_str(detail.attributes).unwrap_or_default(),
        events: serde_json::from_str(detail.events).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
