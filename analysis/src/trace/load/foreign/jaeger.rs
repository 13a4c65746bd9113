//! Jaeger JSON: a span of a trace as its query service gives it, or a single one with its process in it.

use glyph_formats::span::SpanStatus;
use serde_json::Value;

use super::{
    super::chunk::Chunk,
    loose::{self, Object, field, list, nanos, objects, says_error, text},
    span::{Extras, Loose, event},
};

const MICROSECOND: u32 = 1_000;

/// What of a span only pictures need.
pub(super) const EXTRAS: [&str; 1] = ["logs"];

/// Adds a span, whose process is one of its trace's or in it; false if it is none.
pub(super) fn span(span: &Object, processes: Option<&Object>, chunk: &mut Chunk) -> bool {
    let of_trace = || processes?.get(span.get("processID")?.as_str()?)?.as_object();
    let process = of_trace().or_else(|| span.get("process")?.as_object());
    let tags = list(span, &["tags"]);
    let tag = |name| objects(tags).find(|t| text(t, &["key"]) == Some(name))?.get("value");
    let start = nanos(field(span, &["startTime"]), MICROSECOND);
    let duration = nanos(field(span, &["duration"]), MICROSECOND);
    let one = Loose {
        trace_id: field(span, &["traceID"]),
        span_id: field(span, &["spanID"]),
        parent_id: parent(span),
        name: text(span, &["operationName"]),
        service: process.and_then(|process| text(process, &["serviceName"])),
        kind: loose::kind(tag("span.kind")),
        status: if says_error(tag("error")) {
            Some(SpanStatus::Error)
        } else {
            loose::status(tag("otel.status_code"))
        },
        status_message: tag("otel.status_description").and_then(Value::as_str),
        start,
        end: duration.and_then(|duration| Some(start?.saturating_add(duration))),
    };
    one.add(chunk, || Extras {
        attributes: attributes(tags),
        events: objects(list(span, &["logs"])).map(log).collect(),
    })
}

/// The span that caused this one: the first that it is a child of, else the first that it follows from, in the same
/// trace; older files have a field for it.
fn parent(span: &Object) -> Option<&Value> {
    let references = list(span, &["references"]);
    let trace = loose::id(span.get("traceID"), 16);
    let of = |wanted| {
        objects(references).find(|r| {
            let here = r.get("traceID").is_none_or(|id| loose::id(Some(id), 16) == trace);
            here && text(r, &["refType"]) == Some(wanted)
        })
    };
    let reference = of("CHILD_OF").or_else(|| of("FOLLOWS_FROM"));
    reference.and_then(|r| r.get("spanID")).or_else(|| field(span, &["parentSpanID"]))
}

fn attributes(tags: &[Value]) -> Object {
    let pair = |t: &Object| Some((text(t, &["key"])?.to_owned(), t.get("value")?.clone()));
    objects(tags).filter_map(pair).collect()
}

fn log(log: &Object) -> Value {
    let mut fields = attributes(list(log, &["fields"]));
    let name = ["event", "message"].iter().find(|key| fields.get(**key).is_some_and(Value::is_string));
    let name = name.and_then(|key| fields.remove(*key));
    let name = name.as_ref().and_then(Value::as_str).unwrap_or("log");
    event(name, nanos(field(log, &["timestamp"]), MICROSECOND), fields)
}
