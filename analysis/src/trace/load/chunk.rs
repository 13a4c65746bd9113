//! The columns of one block of lines, filled by one thread; then joined to those of all.

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use rustc_hash::FxHashMap;

use super::Keep;
use crate::trace::{
    columns::{Detail, Names, Spans},
    oddity::{Oddities, Oddity},
};

/// One span as a format's file hands it over.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) trace_id: TraceId,
    pub(super) span_id: u64,
    /// Zero for none.
    pub(super) parent_id: u64,
    pub(super) name: &'a str,
    pub(super) service: &'a str,
    pub(super) kind: SpanKind,
    pub(super) status: SpanStatus,
    pub(super) start: u64,
    pub(super) end: Option<u64>,
    pub(super) detail: Detail<'a>,
}

/// Some spans in columns, with names and traces numbered for themselves.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    keep: Keep,
    spans: Spans,
    /// The trace of each span; in `spans` they are numbered when chunks are joined.
    traces: Vec<TraceId>,
    pub(super) oddities: Oddities,
}

impl Chunk {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether what only a picture needs is kept.
    pub(super) fn keeps_details(&self) -> bool {
        self.keep != Keep::NOTHING
    }

    /// Adds a span; one with a time after the year 2262 is counted only, so that the differences of any two times, and
    /// their sums, are still numbers.
    pub(super) fn push(&mut self, span: &Span<'_>) {
        if span.start.max(span.end.unwrap_or(0)) > i64::MAX as u64 {
            self.oddities.add(Oddity::TimeBeyondRange, 1);
            return;
        }
        let end = match span.end {
            Some(end) if end >= span.start => end,
            odd => {
                let kind = if odd.is_some() { Oddity::EndBeforeStart } else { Oddity::WithoutEnd };
                self.oddities.add(kind, 1);
                span.start
            }
        };
        let keeps_details = self.keeps_details();
        self.traces.push(span.trace_id);
        let columns = &mut self.spans;
        columns.span_id.push(span.span_id);
        columns.parent_id.push(span.parent_id);
        columns.service.push(columns.services.intern(span.service));
        columns.name.push(columns.names.intern(span.name));
        columns.kind.push(span.kind);
        columns.status.push(span.status);
        columns.start.push(span.start);
        columns.end.push(end);
        if keeps_details {
            let mut detail = span.detail;
            if !self.keep.attributes {
                (detail.attributes, detail.status_message) = ("", "");
            }
            if !self.keep.events {
                detail.events = "";
            }
            columns.details.push(detail);
        }
    }
}

/// Chunks, joined in their order.
#[derive(Debug, Default)]
pub(super) struct Joined {
    spans: Spans,
    traces: FxHashMap<TraceId, u32>,
    pub(super) oddities: Oddities,
}

impl Joined {
    /// Adds the spans of a chunk; false, with nothing added, if they are too many to be numbered.
    pub(super) fn add(&mut self, chunk: Chunk) -> bool {
        let all = &mut self.spans;
        let new = chunk.spans;
        // The greatest number stands for «none» in the tree.
        if all.len() + new.len() >= u32::MAX as usize {
            return false;
        }
        for id in chunk.traces {
            let next = all.trace_ids.len() as u32;
            let trace = *self.traces.entry(id).or_insert_with(|| {
                all.trace_ids.push(id);
                next
            });
            all.trace.push(trace);
        }
        renumber(&mut all.services, &mut all.service, &new.services, &new.service);
        renumber(&mut all.names, &mut all.name, &new.names, &new.name);
        all.span_id.extend(new.span_id);
        all.parent_id.extend(new.parent_id);
        all.kind.extend(new.kind);
        all.status.extend(new.status);
        all.start.extend(new.start);
        all.end.extend(new.end);
        all.details.append(&new.details);
        self.oddities.absorb(&chunk.oddities);
        true
    }

    pub(super) fn into_spans(self) -> (Spans, Oddities) {
        (self.spans, self.oddities)
    }
}

fn renumber(all_names: &mut Names, all: &mut Vec<u32>, new_names: &Names, new: &[u32]) {
    let codes: Vec<u32> = new_names.iter().map(|text| all_names.intern(text)).collect();
    all.extend(new.iter().map(|code| codes[*code as usize]));
}
