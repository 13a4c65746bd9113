//! Times and values as the query API writes them: seconds as a JSON number, values as strings.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

use crate::metrics::text::number;

/// Milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) i64);

impl Time {
    pub(super) fn of_seconds<E: Error>(seconds: f64) -> Result<Self, E> {
        let ms = (seconds * 1e3).round();
        if ms.abs() < number::MAX_MS {
            Ok(Self(ms as i64))
        } else {
            Err(E::invalid_value(Unexpected::Float(seconds), &"a time in seconds"))
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of_seconds(f64::deserialize(deserializer)?)
    }
}

/// A sample's value.
#[derive(Clone, Copy)]
pub(super) struct Value(pub(super) f64);

impl Value {
    pub(super) fn of_text<E: Error>(text: &str) -> Result<Self, E> {
        number::float(text)
            .map(Self)
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &"a sample's value"))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sample's value as a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Value::of_text(text)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
