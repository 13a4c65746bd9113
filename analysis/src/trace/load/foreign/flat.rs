//! Flat spans: OTLP's fields one beside the other, with the service among them or nowhere. Also what the
//! `ConsoleSpanExporter` of Python's OpenTelemetry prints: ids in a `context`, times as dates.

use serde_json::Value;

use super::{
    super::chunk::Chunk,
    loose::{self, Object, date, field, list, nanos, objects, text},
    otlp::{self, either},
    span::{Extras, Loose, event},
};

pub(super) const TRACE_ID: [&str; 3] = ["trace_id", "traceId", "traceID"];
pub(super) const SPAN_ID: [&str; 3] = ["span_id", "spanId", "spanID"];

/// Adds a span; false if it is none.
pub(super) fn span(span: &Object, chunk: &mut Chunk) -> bool {
    let status = field(span, &["status"]);
    let in_status = status.and_then(Value::as_object);
    let code = in_status.map_or(status, |s| field(s, &["code", "status_code"]));
    let message = || in_status.and_then(|s| text(s, &["message", "description"]));
    let start = nanos(field(span, &["start_time_unix_nano", "startTimeUnixNano"]), 1)
        .or_else(|| date(field(span, &["start_time", "startTime"])));
    let end = nanos(field(span, &["end_time_unix_nano", "endTimeUnixNano"]), 1)
        .or_else(|| date(field(span, &["end_time", "endTime"])));
    let context = || field(span, &["context"]).and_then(Value::as_object);
    let duration = nanos(field(span, &["duration_ns", "duration_nano", "durationNano"]), 1);
    let one = Loose {
        trace_id: field(span, &TRACE_ID).or_else(|| field(context()?, &TRACE_ID)),
        span_id: field(span, &SPAN_ID).or_else(|| field(context()?, &SPAN_ID)),
        parent_id: field(span, &["parent_span_id", "parentSpanId", "parent_id", "parentId"]),
        name: text(span, &["name", "span_name", "operation_name"]),
        service: service(span),
        kind: loose::kind(field(span, &["kind", "span_kind"])),
        status: loose::status(code.or_else(|| field(span, &["status_code", "statusCode"]))),
        status_message: text(span, &["status_message", "statusMessage"]).or_else(message),
        start,
        end: end
            .filter(|end| *end != 0 || start == Some(0))
            .or_else(|| Some(start?.saturating_add(duration?))),
    };
    one.add(chunk, || Extras {
        attributes: either(field(span, &["attributes", "span_attributes"])),
        events: objects(list(span, &["events"]))
            .map(|e| {
                let time = nanos(field(e, &["time_unix_nano", "timeUnixNano", "time"]), 1)
                    .or_else(|| date(field(e, &["timestamp"])));
                event(text(e, &["name"]).unwrap_or_default(), time, either(field(e, &["attributes"])))
            })
            .collect(),
    })
}

/// The service: a field of its own, or the attribute of the resource or the span.
fn service(span: &Object) -> Option<&str> {
    text(span, &["service_name", "serviceName", "service.name", "service"]).or_else(|| {
        let resource = field(span, &["resource"]).and_then(Value::as_object);
        let inner = resource.and_then(|r| field(r, &["attributes"]));
        [inner, field(span, &["resource", "resource_attributes"]), field(span, &["attributes"])]
            .into_iter()
            .flatten()
            .find_map(otlp::service)
    })
}
