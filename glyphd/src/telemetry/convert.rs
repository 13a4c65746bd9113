//! Spans as OpenTelemetry's exporter wants them.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glyph_formats::{
    Attributes, SpanId, TraceId, UnixNanos, Value,
    span::{Span, SpanKind, SpanStatus},
};
use opentelemetry::{
    Array, InstrumentationScope, Key, KeyValue, StringValue,
    trace::{self, Event, Link, SpanContext, Status, TraceFlags, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

/// What is exported of a span.
pub(super) fn exported(span: Span, scope: &InstrumentationScope) -> SpanData {
    let mut events = SpanEvents::default();
    let event = |event: glyph_formats::span::SpanEvent| {
        Event::new(event.name, time(event.time_unix_nano), attributes(event.attributes), 0)
    };
    events.events = span.events.into_iter().map(event).collect();
    let mut links = SpanLinks::default();
    let link = |link: glyph_formats::span::SpanLink| {
        Link::new(context(link.trace_id, link.span_id, true), attributes(link.attributes), 0)
    };
    links.links = span.links.into_iter().map(link).collect();
    SpanData {
        span_context: context(span.trace_id, span.span_id, false),
        parent_span_id: span.parent_span_id.map_or(trace::SpanId::INVALID, |id| id.get().into()),
        parent_span_is_remote: span.parent_span_id.is_some(),
        span_kind: match span.kind {
            SpanKind::Internal => trace::SpanKind::Internal,
            SpanKind::Server => trace::SpanKind::Server,
            SpanKind::Client => trace::SpanKind::Client,
            SpanKind::Producer => trace::SpanKind::Producer,
            SpanKind::Consumer => trace::SpanKind::Consumer,
        },
        name: span.name,
        start_time: time(span.start_time_unix_nano),
        end_time: time(span.end_time_unix_nano),
        attributes: attributes(span.attributes),
        dropped_attributes_count: 0,
        events,
        links,
        status: match span.status {
            SpanStatus::Unset => Status::Unset,
            SpanStatus::Ok => Status::Ok,
            SpanStatus::Error => Status::error(span.status_message.unwrap_or_default()),
        },
        instrumentation_scope: scope.clone(),
    }
}

/// Only what is sampled is exported, or linked from there.
fn context(trace: TraceId, span: SpanId, remote: bool) -> SpanContext {
    SpanContext::new(trace.get().into(), span.get().into(), TraceFlags::SAMPLED, remote, TraceState::NONE)
}

fn time(at: UnixNanos) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(at.0)
}

fn attributes(attributes: Attributes) -> Vec<KeyValue> {
    let entry = |(key, value): (Cow<'static, str>, Value)| {
        let key = match key {
            Cow::Borrowed(key) => Key::from_static_str(key),
            Cow::Owned(key) => Key::from(key),
        };
        Some(KeyValue::new(key, self::value(value)?))
    };
    attributes.0.into_iter().filter_map(entry).collect()
}

fn value(value: Value) -> Option<opentelemetry::Value> {
    Some(match value {
        Value::Bool(v) => v.into(),
        Value::Int(v) => v.into(),
        Value::Double(v) => v.into(),
        Value::String(v) => text(v).into(),
        Value::Array(values) => {
            // Stages set arrays of text, and no others.
            let text = |value| if let Value::String(v) = value { Some(text(v)) } else { None };
            opentelemetry::Value::Array(Array::String(values.into_iter().filter_map(text).collect()))
        }
        Value::Null => return None,
    })
}

fn text(text: Cow<'static, str>) -> StringValue {
    match text {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}
