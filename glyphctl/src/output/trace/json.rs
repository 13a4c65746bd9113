//! Traces for programs.

use std::io::{self, Write};

use glyph_analysis::{
    pivot::Beside,
    trace::waterfall::{Row, Waterfall},
};
use glyph_formats::{
    Attributes, SpanId, TraceId, UnixNanos,
    span::{SpanEvent, SpanKind, SpanStatus},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Shown;
use crate::output::json;

/// What `trace show --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TraceShow")]
pub(super) struct Document<'a> {
    /// The traces, the slowest first.
    traces: Vec<Trace<'a>>,
}

/// A trace.
#[derive(Debug, Serialize, JsonSchema)]
struct Trace<'a> {
    /// Its id.
    trace_id: TraceId,
    /// When its first span starts; null if its spans were not recorded.
    start_unix_nano: Option<UnixNanos>,
    /// From there to when its last span ends.
    duration_ns: Option<u64>,
    /// The spans, each after its parent, siblings by start.
    spans: Vec<Span<'a>>,
    /// What the recording holds beside it; null if what was named is no recording.
    beside: Option<&'a Beside>,
}

/// A span.
#[derive(Debug, Serialize, JsonSchema)]
struct Span<'a> {
    /// Its id.
    span_id: Option<SpanId>,
    /// The span that caused it, be that in the files or not.
    parent_span_id: Option<SpanId>,
    /// How many ancestors it has in the files.
    depth: usize,
    /// The service.
    service_name: &'a str,
    /// The span's name.
    name: &'a str,
    /// The span's role between services.
    kind: SpanKind,
    /// How it ended.
    status: SpanStatus,
    /// Why it failed.
    status_message: Option<&'a str>,
    /// When it starts.
    start_unix_nano: UnixNanos,
    /// From the trace's start to the span's.
    offset_ns: u64,
    /// How long it took.
    duration_ns: u64,
    /// Whether it is on the critical path.
    critical: bool,
    /// Its own part of that path.
    critical_path_ns: u64,
    /// The attributes.
    attributes: &'a Attributes,
    /// The events.
    events: &'a [SpanEvent],
}

/// Writes them.
pub(super) fn write(traces: &[Shown], out: &mut dyn Write) -> io::Result<()> {
    json::write(&Document { traces: traces.iter().map(Trace::of).collect() }, out)
}

impl<'a> Trace<'a> {
    fn of(shown: &'a Shown) -> Self {
        let waterfall = shown.waterfall.as_ref();
        let rows: &[Row] = waterfall.map_or(&[], |Waterfall { rows, .. }| rows);
        Self {
            trace_id: shown.trace_id,
            start_unix_nano: waterfall.map(|waterfall| UnixNanos(waterfall.start_unix_nano)),
            duration_ns: waterfall.map(|waterfall| waterfall.duration_ns),
            spans: rows.iter().map(Span::of).collect(),
            beside: shown.beside.as_ref(),
        }
    }
}

impl<'a> Span<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            span_id: SpanId::new(row.span_id),
            parent_span_id: SpanId::new(row.parent_span_id),
            depth: row.depth,
            service_name: &row.service,
            name: &row.name,
            kind: row.kind,
            status: row.status,
            status_message: row.status_message.as_deref(),
            start_unix_nano: UnixNanos(row.start_unix_nano),
            offset_ns: row.offset_ns,
            duration_ns: row.duration_ns,
            critical: row.critical,
            critical_path_ns: row.critical_path_ns,
            attributes: &row.attributes,
            events: &row.events,
        }
    }
}
