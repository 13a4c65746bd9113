//! Glyph's own span lines, as [`glyph_formats::span::Span`] describes them.
//!
//! In: one line. Out: one span. Fields are borrowed from the line; attributes and events are not looked into. Nearly
//! every line is read by [`scan`]; serde_json reads what it gives back, and knows the words for what is wrong with it.

pub(super) mod scan;

use std::borrow::Cow;

use glyph_formats::span::{SpanKind, SpanStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    chunk::{Chunk, Span},
    id::{Hex, ParentHex, SpanHex, TraceHex},
};
use crate::trace::columns::Detail;

/// Adds the span on that line to `chunk`.
pub(super) fn parse_line(line: &str, chunk: &mut Chunk) -> Result<(), serde_json::Error> {
    match scan::scan(line, &mut chunk.order).as_ref().and_then(usual) {
        Some(span) => chunk.push(&span),
        None => chunk.push(&serde_json::from_str::<Line<'_>>(line)?.span()),
    }
    Ok(())
}

/// The span of these fields, if each of them is as it should be.
fn usual<'a>(fields: &scan::Fields<'a>) -> Option<Span<'a>> {
    let json = |text: &'a str| if text == "null" { "" } else { text };
    Some(Span {
        trace_id: TraceHex::parse(fields.trace_id)?.0,
        span_id: SpanHex::parse(fields.span_id)?.0,
        parent_id: ParentHex::parse(fields.parent_span_id)?.0,
        name: fields.name,
        service: fields.service_name,
        kind: match fields.kind {
            None | Some("internal") => SpanKind::Internal,
            Some("server") => SpanKind::Server,
            Some("client") => SpanKind::Client,
            Some("producer") => SpanKind::Producer,
            Some("consumer") => SpanKind::Consumer,
            _ => return None,
        },
        status: match fields.status {
            None | Some("unset") => SpanStatus::Unset,
            Some("ok") => SpanStatus::Ok,
            Some("error") => SpanStatus::Error,
            _ => return None,
        },
        start: fields.start,
        end: Some(fields.end),
        detail: Detail {
            attributes: json(fields.attributes),
            events: json(fields.events),
            status_message: json(fields.status_message),
        },
    })
}

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

impl Line<'_> {
    fn span(&self) -> Span<'_> {
        Span {
            trace_id: self.trace_id.0,
            span_id: self.span_id.0,
            parent_id: self.parent_span_id.0,
            name: &self.name,
            service: &self.service_name,
            kind: self.kind,
            status: self.status,
            start: self.start_time_unix_nano,
            end: Some(self.end_time_unix_nano),
            detail: Detail {
                attributes: self.attributes.map_or("", RawValue::get),
                events: self.events.map_or("", RawValue::get),
                status_message: self.status_message.map_or("", RawValue::get),
            },
        }
    }
}
