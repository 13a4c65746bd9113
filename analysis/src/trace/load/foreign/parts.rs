//! An object whose kind is not known yet: its entries as text.
//!
//! In: entries as they are read. Out: those, or the whole object as soon as that is known to be one span. Not here:
//! which object is what.

use serde::de::{IgnoredAny, MapAccess};
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

    /// The object; none if part of it is nested too deep.
    pub(super) fn object(&self) -> Option<Object> {
        let parse = |(key, value): &(String, Box<RawValue>)| {
            Some((key.clone(), serde_json::from_str::<Value>(value.get()).ok()?))
        };
        self.entries.iter().map(parse).collect()
    }

    /// The service that OTLP's resource names.
    pub(super) fn service(&self) -> Option<String> {
        let resource = parse(self.get("resource")?)?;
        otlp::service(loose::field(&resource, &["attributes"])?).map(str::to_owned)
    }
}

/// A span out of its text; none if it is no object, nested too deep or too large.
pub(super) fn parse(text: &RawValue) -> Option<Object> {
    let text = text.get();
    if text.len() > SPAN { None } else { serde_json::from_str(text).ok() }
}
