//! The columns of one block of lines, filled by one thread, and what takes them from there.

use std::io;

use glyph_formats::{
    SpanId, TraceId,
    span::{SpanKind, SpanStatus},
};

use super::{Keep, Want, glyph::scan::Order};
use crate::trace::{
    columns::{Detail, Spans, TraceNumbers},
    group::{Grouping, Groups, Member},
    oddity::{Oddities, Oddity, Place},
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

/// Some spans in columns, with names, traces and groups numbered for themselves.
#[derive(Debug, Default)]
pub(in crate::trace) struct Chunk {
    want: Want,
    pub(in crate::trace) spans: Spans,
    numbers: TraceNumbers,
    /// The group of each span, if rows are wanted.
    pub(in crate::trace) group: Vec<u32>,
    pub(in crate::trace) groups: Groups,
    pub(in crate::trace) oddities: Oddities,
    /// How many spans were read, whether they were taken or not.
    pub(super) read: usize,
    /// The line that is being read, if it is known.
    line: Option<u64>,
    /// In which order the line before had its fields.
    pub(super) order: Order,
}

impl Chunk {
    pub(super) fn new(want: Want) -> Self {
        Self { want, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Says on which line the next spans are.
    pub(super) fn at_line(&mut self, line: u64) {
        self.line = Some(line);
    }

    /// Counts something odd about a span.
    pub(super) fn odd(&mut self, kind: Oddity, trace_id: TraceId, span_id: u64) {
        let span = SpanId::new(span_id).map(|id| (trace_id, id));
        self.oddities.add_at(kind, Place { path: None, line: self.line, span });
    }

    /// Whether what a format says of a span besides its numbers and names is looked at.
    pub(super) fn wants_details(&self) -> bool {
        self.want.keep != Keep::NOTHING || self.want.rows.as_deref().is_some_and(Grouping::needs_details)
    }

    /// Adds a span; one with a time after the year 2262 is counted only, so that the differences of any two times, and
    /// their sums, are still numbers.
    pub(super) fn push(&mut self, span: &Span<'_>) {
        self.read += 1;
        if self.want.only.as_ref().is_some_and(|only| !only.contains(&span.trace_id)) {
            return;
        }
        if span.start.max(span.end.unwrap_or(0)) > i64::MAX as u64 {
            self.odd(Oddity::TimeBeyondRange, span.trace_id, span.span_id);
            return;
        }
        let end = match span.end {
            Some(end) if end >= span.start => end,
            odd => {
                let kind = if odd.is_some() { Oddity::EndBeforeStart } else { Oddity::WithoutEnd };
                self.odd(kind, span.trace_id, span.span_id);
                span.start
            }
        };
        let columns = &mut self.spans;
        columns.trace.push(self.numbers.of(span.trace_id, &mut columns.trace_ids));
        columns.span_id.push(span.span_id);
        columns.parent_id.push(span.parent_id);
        let (service, name) = (columns.services.intern(span.service), columns.names.intern(span.name));
        columns.service.push(service);
        columns.name.push(name);
        columns.kind.push(span.kind);
        columns.status.push(span.status);
        columns.start.push(span.start);
        columns.end.push(end);
        if let Some(grouping) = &self.want.rows {
            let member = Member {
                service: (service, span.service),
                name: (name, span.name),
                kind: span.kind,
                status: span.status,
                duration_ns: end - span.start,
                detail: span.detail,
            };
            self.group.push(self.groups.of(&member, grouping));
        }
        let keep = self.want.keep;
        if keep != Keep::NOTHING {
            let mut detail = span.detail;
            if !keep.attributes {
                (detail.attributes, detail.status_message) = ("", "");
            }
            if !keep.events {
                detail.events = "";
            }
            columns.details.push(detail);
        }
    }
}

/// What takes the chunks, in the order of the files.
pub(in crate::trace) trait Sink {
    /// Adds the spans and the oddities of a chunk.
    fn add(&mut self, chunk: Chunk) -> Result<(), Full>;
}

/// Why a [`Sink`] takes no more.
#[derive(Debug)]
pub(in crate::trace) enum Full {
    /// The spans are too many to be numbered.
    TooMany,
    /// What does not fit the memory can't be put on disk.
    Disk(io::Error),
}
