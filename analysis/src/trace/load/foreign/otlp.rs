//! OTLP/JSON: one span of a resource, of any age of the format and in either style of keys.

use serde_json::{Map, Value};

use super::{
    super::chunk::Chunk,
    loose::{self, Object, field, list, nanos, objects, text},
    span::{Extras, Loose, event},
};

/// The keys under which a resource's scopes stand; the last two were their names before OTLP 1.0.
pub(super) const SCOPES: [&str; 4] =
    ["scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"];

/// What of a span only pictures need.
pub(super) const EXTRAS: [&str; 3] = ["attributes", "events", "links"];

/// Adds a span of that service; false if it is none.
pub(super) fn span(span: &Object, service: Option<&str>, chunk: &mut Chunk) -> bool {
    let status = field(span, &["status"]).and_then(Value::as_object);
    let start = nanos(field(span, &["startTimeUnixNano", "start_time_unix_nano"]), 1);
    let end = nanos(field(span, &["endTimeUnixNano", "end_time_unix_nano"]), 1);
    let one = Loose {
        trace_id: field(span, &["traceId", "trace_id"]),
        span_id: field(span, &["spanId", "span_id"]),
        parent_id: field(span, &["parentSpanId", "parent_span_id"]),
        name: text(span, &["name"]),
        service,
        kind: loose::kind(field(span, &["kind"])),
        status: loose::status(status.and_then(|status| field(status, &["code"]))),
        status_message: status.and_then(|status| text(status, &["message"])),
        start,
        // Zero is how protocol buffers say that nobody set it.
        end: end.filter(|end| *end != 0 || start == Some(0)),
    };
    one.add(chunk, || Extras {
        attributes: attributes(list(span, &["attributes"])),
        events: objects(list(span, &["events"]))
            .map(|e| {
                let time = nanos(field(e, &["timeUnixNano", "time_unix_nano"]), 1);
                event(text(e, &["name"]).unwrap_or_default(), time, attributes(list(e, &["attributes"])))
            })
            .collect(),
    })
}

/// Attributes as plain JSON.
pub(super) fn attributes(list: &[Value]) -> Object {
    let pair = |a: &Object| Some((text(a, &["key"])?.to_owned(), a.get("value").map_or(Value::Null, plain)));
    objects(list).filter_map(pair).collect()
}

/// An OTLP value without the name of its type.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|o| o.iter().next()) else { return value.clone() };
    let values = || inner.get("values").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match kind.as_str() {
        // 64-bit integers are text in OTLP/JSON, since JavaScript has none.
        "intValue" | "int_value" => match inner.as_str().map(str::parse::<i64>) {
            Some(Ok(number)) => number.into(),
            _ => inner.clone(),
        },
        "arrayValue" | "array_value" => values().iter().map(plain).collect(),
        "kvlistValue" | "kvlist_value" => Value::Object(attributes(values())),
        _ => inner.clone(),
    }
}

/// Attributes of either shape: OTLP's list of keys and values, or a plain object, whose nulls are left out.
pub(super) fn either(value: Option<&Value>) -> Object {
    match value {
        Some(Value::Array(list)) => attributes(list),
        Some(Value::Object(object)) => {
            object.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
        }
        _ => Map::new(),
    }
}

/// The service that attributes of either shape name.
pub(super) fn service(attributes: &Value) -> Option<&str> {
    let name = match attributes {
        Value::Array(list) => {
            let value = objects(list).find(|a| text(a, &["key"]) == Some("service.name"))?.get("value")?;
            value.get("stringValue").or_else(|| value.get("string_value")).and_then(Value::as_str)
        }
        Value::Object(object) => text(object, &["service.name"]),
        _ => None,
    };
    name.filter(|name| !name.is_empty())
}
