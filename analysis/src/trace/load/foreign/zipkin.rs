//! Zipkin v2 JSON: one span.

use glyph_formats::span::{SpanKind, SpanStatus};
use serde_json::Value;

use super::{
    super::chunk::Chunk,
    loose::{self, Object, field, list, nanos, objects, says_error, text},
    span::{Extras, Loose, event},
};

const MICROSECOND: u32 = 1_000;

/// What of a span only pictures need.
pub(super) const EXTRAS: [&str; 1] = ["annotations"];

/// Adds a span; false if it is none.
pub(super) fn span(span: &Object, chunk: &mut Chunk) -> bool {
    let tags = field(span, &["tags"]).and_then(Value::as_object);
    let tag = |name| tags.and_then(|tags| tags.get(name));
    let endpoint = field(span, &["localEndpoint"]).and_then(Value::as_object);
    let start = nanos(field(span, &["timestamp"]), MICROSECOND);
    let duration = nanos(field(span, &["duration"]), MICROSECOND);
    let failed = says_error(tag("error"));
    // Only servers share.
    let shared = span.get("shared").and_then(Value::as_bool) == Some(true);
    let kind = if shared && field(span, &["kind"]).is_none() {
        Some(SpanKind::Server)
    } else {
        loose::kind(field(span, &["kind"]))
    };
    let one = Loose {
        trace_id: field(span, &["traceId"]),
        span_id: field(span, &["id"]),
        parent_id: field(span, &["parentId"]),
        name: text(span, &["name"]).filter(|name| !name.is_empty()),
        service: endpoint.and_then(|e| text(e, &["serviceName"])).filter(|name| !name.is_empty()),
        kind,
        status: if failed { Some(SpanStatus::Error) } else { loose::status(tag("otel.status_code")) },
        status_message: tag("error").and_then(Value::as_str).filter(|_| failed),
        start,
        end: duration.and_then(|duration| Some(start?.saturating_add(duration))),
    };
    one.add(chunk, || Extras {
        attributes: tags.cloned().unwrap_or_default(),
        events: objects(list(span, &["annotations"]))
            .map(|a| {
                let time = nanos(field(a, &["timestamp"]), MICROSECOND);
                event(text(a, &["value"]).unwrap_or_default(), time, Object::new())
            })
            .collect(),
    })
}
