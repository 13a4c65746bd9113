//! An object whose kind is not known yet: its entries as text.
//!
//! In: entries as they are read. Out: those, or the whole object as soon as that is known to be one span. Not here:
//! which object is what.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    loose::{self, Object},
    otlp,
};

/// The key of a list of spans, in OTLP and in Jaeger's files.
pub(super) const SPANS: &str = "spans";

/// No span has more text. Parsed, text can take a hundred times its size.
const SPAN: usize = 8 << 20;

/// What an entry takes besides its text.
const ENTRY: usize = 64;

/// Entries of an object.
#[derive(Debug, Default)]
pub(super) struct Parts {
    entries: Vec<(String, Box<RawValue>)>,
    /// How much they take, without lists of spans.
    held: usize,
    /// Whether they were more than a span may have, and are gone.
    pub(super) too_large: bool,
}

impl Parts {
    /// Reads the value of that key.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        if self.too_large {
            entries.next_value::<IgnoredAny>()?;
            return Ok(());
        }
        let value: Box<RawValue> = entries.next_value()?;
        if key != SPANS && !otlp::SCOPES.contains(&key.as_str()) {
            self.held += ENTRY + key.len() + value.get().len();
        }
        self.entries.push((key, value));
        if self.held > SPAN {
            (self.entries, self.too_large) = (Vec::new(), true);
        }
        Ok(())
    }

    /// The first entry of that key.
    pub(super) fn get(&self, key: &str) -> Option<&RawValue> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, value)| &**value)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.iter().map(|(key, _)| key.as_str())
    }

    /// The object without those keys; none if part of it is nested too deep.
    pub(super) fn object(&self, left_out: &[&str]) -> Option<Object> {
        let mut object = Object::new();
        for (key, value) in &self.entries {
            if left_out.contains(&key.as_str()) {
                serde_json::from_str::<Nothing>(value.get()).ok()?;
            } else {
                object.insert(key.clone(), serde_json::from_str(value.get()).ok()?);
            }
        }
        Some(object)
    }

    /// The service that OTLP's resource names.
    pub(super) fn service(&self) -> Option<String> {
        let resource = parse(self.get("resource")?, &[])?;
        otlp::service(loose::field(&resource, &["attributes"])?).map(str::to_owned)
    }
}

/// A span out of its text without those keys; none if it is no object, nested too deep or too large.
pub(super) fn parse(text: &RawValue, left_out: &[&str]) -> Option<Object> {
    let text = text.get();
    if text.len() > SPAN {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let object = json.deserialize_map(Without(left_out)).ok()?;
    json.end().is_ok().then_some(object)
}

/// An object without some keys.
struct Without<'k>(&'k [&'k str]);

impl<'de> Visitor<'de> for Without<'_> {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
        let mut object = Object::new();
        while let Some(key) = entries.next_key::<String>()? {
            if self.0.contains(&key.as_str()) {
                entries.next_value::<Nothing>()?;
            } else {
                object.insert(key, entries.next_value::<Value>()?);
            }
        }
        Ok(object)
    }
}

/// JSON that is not kept, but has to be what could be: a span must not be one or none by what somebody asks of it.
struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Nothing {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<IgnoredAny, Self>()?.is_some() {}
        Ok(self)
    }
}
