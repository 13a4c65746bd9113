//! Attributes as OTLP has them into those of a span's line.

use base64::{Engine, prelude::BASE64_STANDARD};
use glyph_formats::{Attributes, Value};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};

pub(super) fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    Attributes(pairs.into_iter().map(|pair| (pair.key.into(), value(pair.value))).collect())
}

/// A value. A line has none of OTLP's maps and bytes: a map becomes its JSON, bytes become Base64, as OpenTelemetry says for
/// formats without them.
pub(super) fn value(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text.into(),
        Some(any_value::Value::BoolValue(yes)) => yes.into(),
        Some(any_value::Value::IntValue(number)) => number.into(),
        Some(any_value::Value::DoubleValue(number)) => number.into(),
        Some(any_value::Value::ArrayValue(array)) => {
            Value::Array(array.values.into_iter().map(|each| self::value(Some(each))).collect())
        }
        // There is nothing in it that JSON does not have.
        Some(any_value::Value::KvlistValue(map)) => {
            serde_json::to_string(&attributes(map.values)).unwrap_or_default().into()
        }
        Some(any_value::Value::BytesValue(bytes)) => BASE64_STANDARD.encode(bytes).into(),
        _ => Value::Null,
    }
}
