//! Glyph's own span lines, as [`glyph_formats::span::Span`] describes them.
//!
//! In: one line. Out: one span. Fields are borrowed from the line; attributes and events are not looked into.

use std::borrow::Cow;

use glyph_formats::span::{SpanKind, SpanStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    chunk::{Chunk, Span},
    id::{ParentHex, SpanHex, TraceHex},
};
use crate::trace::columns::Detail;

#[derive(Deserialize)]
struct Line<'a> {
    trace_id: TraceHex,
    span_id: SpanHex,
    #[serde(default)]
    parent_span_id: ParentHex,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    service_name: Cow<'a, str>,
    #[serde(default)]
    kind: SpanKind,
    #[serde(default)]
    status: SpanStatus,
    start_time_unix_nano: u64,
    /// Always there in glyph's lines; a line without may have a duration, and goes to the reader of flat spans.
    end_time_unix_nano: u64,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    events: Option<&'a RawValue>,
    #[serde(borrow)]
    status_message: Option<&'a RawValue>,
}

/// Adds the span on that line to `chunk`.
pub(super) fn parse_line(line: &str, chunk: &mut Chunk) -> Result<(), serde_json::Error> {
    let line: Line<'_> = serde_json::from_str(line)?;
    chunk.push(&Span {
        trace_id: line.trace_id.0,
        span_id: line.span_id.0,
        parent_id: line.parent_span_id.0,
        name: &line.name,
        service: &line.service_name,
        kind: line.kind,
        status: line.status,
        start: line.start_time_unix_nano,
        end: Some(line.end_time_unix_nano),
        detail: Detail {
            attributes: line.attributes.map_or("", RawValue::get),
            events: line.events.map_or("", RawValue::get),
            status_message: line.status_message.map_or("", RawValue::get),
        },
    });
    Ok(())
}
