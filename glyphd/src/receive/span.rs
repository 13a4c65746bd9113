//! The spans of a post, as lines of a trace file have them.
//!
//! A line has no resource and no scope: what tells one process from another, and where a span was made, stands among its
//! attributes.

use std::borrow::Cow;

use glyph_formats::{
    Attributes, Span, SpanId, TraceId, UnixNanos, Value,
    span::{SpanEvent, SpanKind, SpanLink, SpanStatus},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span as Sent, span::SpanKind as SentKind, status::StatusCode},
};

use super::value::attributes;

/// Why a span is not taken.
pub(super) const REJECTED: &str =
    "spans need a trace id of 16 bytes and a span id of 8, not all of them zero";
/// What stands where nobody has said which service it is, by OpenTelemetry's conventions.
const NO_SERVICE: &str = "unknown_service";
/// What is kept of a resource, beside `service.name`: what tells processes and versions from each other.
const RESOURCE: [&str; 5] = [
    "service.namespace",
    "service.version",
    "service.instance.id",
    "deployment.environment.name",
    "process.pid",
];

/// Takes the spans out of a post, and returns how many of them are none.
pub(super) fn spans(request: ExportTraceServiceRequest, mut take: impl FnMut(Span)) -> u64 {
    let mut rejected = 0;
    for of_resource in request.resource_spans {
        let resource =
            of_resource.resource.map(|resource| attributes(resource.attributes)).unwrap_or_default();
        let service = service(&resource);
        for of_scope in of_resource.scope_spans {
            let scope = of_scope.scope.map(|scope| scope.name).filter(|name| !name.is_empty());
            for sent in of_scope.spans {
                match span(sent, &service, &resource, scope.as_deref()) {
                    Some(span) => take(span),
                    None => rejected += 1,
                }
            }
        }
    }
    rejected
}

fn service(resource: &Attributes) -> String {
    match resource.get("service.name") {
        Some(Value::String(name)) if !name.is_empty() => name.to_string(),
        _ => NO_SERVICE.to_owned(),
    }
}

/// None if its ids are none.
fn span(sent: Sent, service: &str, resource: &Attributes, scope: Option<&str>) -> Option<Span> {
    let (trace_id, span_id) = (trace_id(&sent.trace_id)?, span_id(&sent.span_id)?);
    let parent_span_id = match &*sent.parent_span_id {
        // A root, as all of them say it, or as some do.
        [] | [0, 0, 0, 0, 0, 0, 0, 0] => None,
        parent => Some(self::span_id(parent)?),
    };
    let kind = kind(sent.kind());
    let mut attributes = attributes(sent.attributes);
    for key in RESOURCE {
        if let Some(value) = resource.get(key) {
            add(&mut attributes, key, value.clone());
        }
    }
    if let Some(scope) = scope {
        add(&mut attributes, "otel.scope.name", scope.to_owned());
    }
    for (key, count) in [
        ("otel.dropped_attributes_count", sent.dropped_attributes_count),
        ("otel.dropped_events_count", sent.dropped_events_count),
        ("otel.dropped_links_count", sent.dropped_links_count),
    ] {
        if count > 0 {
            add(&mut attributes, key, count);
        }
    }
    let status = sent.status.unwrap_or_default();
    Some(Span {
        trace_id,
        span_id,
        parent_span_id,
        name: sent.name.into(),
        kind,
        attributes,
        events: sent
            .events
            .into_iter()
            .map(|event| SpanEvent {
                name: event.name.into(),
                time_unix_nano: UnixNanos(event.time_unix_nano),
                attributes: self::attributes(event.attributes),
            })
            .collect(),
        links: sent
            .links
            .into_iter()
            .filter_map(|link| {
                let (trace_id, span_id) = (self::trace_id(&link.trace_id)?, self::span_id(&link.span_id)?);
                Some(SpanLink { trace_id, span_id, attributes: self::attributes(link.attributes) })
            })
            .collect(),
        status: match status.code() {
            StatusCode::Unset => SpanStatus::Unset,
            StatusCode::Ok => SpanStatus::Ok,
            StatusCode::Error => SpanStatus::Error,
        },
        status_message: Some(status.message).filter(|message| !message.is_empty()).map(Cow::Owned),
        start_time_unix_nano: UnixNanos(sent.start_time_unix_nano),
        end_time_unix_nano: UnixNanos(sent.end_time_unix_nano),
        service_name: Cow::Owned(service.to_owned()),
    })
}

/// Adds what the span does not say itself.
fn add(attributes: &mut Attributes, key: &'static str, value: impl Into<Value>) {
    if attributes.get(key).is_none() {
        attributes.push(key, value);
    }
}

fn kind(sent: SentKind) -> SpanKind {
    match sent {
        SentKind::Unspecified | SentKind::Internal => SpanKind::Internal,
        SentKind::Server => SpanKind::Server,
        SentKind::Client => SpanKind::Client,
        SentKind::Producer => SpanKind::Producer,
        SentKind::Consumer => SpanKind::Consumer,
    }
}

fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    TraceId::new(u128::from_be_bytes(bytes.try_into().ok()?))
}

fn span_id(bytes: &[u8]) -> Option<SpanId> {
    SpanId::new(u64::from_be_bytes(bytes.try_into().ok()?))
}
