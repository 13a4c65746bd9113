//! The SDK's spans as the records of the trace file.

use std::borrow::Cow;

use glyph_formats::{
    Attributes, SpanId, TraceId, Value,
    span::{Span, SpanEvent, SpanKind, SpanLink, SpanStatus},
};
use opentelemetry::{Array, KeyValue, trace};
use opentelemetry_sdk::trace::SpanData;

/// The record of a span; none if its ids are zero, which the SDK gives no span that it records.
pub(super) fn record(span: SpanData, service_name: &str) -> Option<Span> {
    let (status, status_message) = match span.status {
        trace::Status::Unset => (SpanStatus::Unset, None),
        trace::Status::Ok => (SpanStatus::Ok, None),
        trace::Status::Error { description } => {
            (SpanStatus::Error, Some(description).filter(|d| !d.is_empty()))
        }
    };
    Some(Span {
        trace_id: trace_id(span.span_context.trace_id())?,
        span_id: span_id(span.span_context.span_id())?,
        parent_span_id: span_id(span.parent_span_id),
        name: span.name,
        kind: match span.span_kind {
            trace::SpanKind::Internal => SpanKind::Internal,
            trace::SpanKind::Server => SpanKind::Server,
            trace::SpanKind::Client => SpanKind::Client,
            trace::SpanKind::Producer => SpanKind::Producer,
            trace::SpanKind::Consumer => SpanKind::Consumer,
        },
        attributes: attributes(span.attributes),
        events: span
            .events
            .events
            .into_iter()
            .map(|event| SpanEvent {
                name: event.name,
                time_unix_nano: event.timestamp.into(),
                attributes: attributes(event.attributes),
            })
            .collect(),
        links: span
            .links
            .links
            .into_iter()
            .filter_map(|link| {
                Some(SpanLink {
                    trace_id: trace_id(link.span_context.trace_id())?,
                    span_id: span_id(link.span_context.span_id())?,
                    attributes: attributes(link.attributes),
                })
            })
            .collect(),
        status,
        status_message,
        start_time_unix_nano: span.start_time.into(),
        end_time_unix_nano: span.end_time.into(),
        service_name: Cow::Owned(service_name.to_owned()),
    })
}

fn trace_id(id: trace::TraceId) -> Option<TraceId> {
    TraceId::new(u128::from_be_bytes(id.to_bytes()))
}

fn span_id(id: trace::SpanId) -> Option<SpanId> {
    SpanId::new(u64::from_be_bytes(id.to_bytes()))
}

fn attributes(attributes: Vec<KeyValue>) -> Attributes {
    let entry = |kv: KeyValue| (Cow::Owned(kv.key.as_str().to_owned()), value(kv.value));
    Attributes(attributes.into_iter().map(entry).collect())
}

fn value(value: opentelemetry::Value) -> Value {
    match value {
        opentelemetry::Value::Bool(v) => Value::Bool(v),
        opentelemetry::Value::I64(v) => Value::Int(v),
        opentelemetry::Value::F64(v) => Value::Double(v),
        opentelemetry::Value::String(v) => Value::String(String::from(v).into()),
        opentelemetry::Value::Array(values) => Value::Array(match values {
            Array::Bool(v) => v.into_iter().map(Value::Bool).collect(),
            Array::I64(v) => v.into_iter().map(Value::Int).collect(),
            Array::F64(v) => v.into_iter().map(Value::Double).collect(),
            Array::String(v) => v.into_iter().map(|s| Value::String(String::from(s).into())).collect(),
            _ => Vec::new(),
        }),
        _ => Value::Null,
    }
}
