//! JSON as debug annotations: the arguments of a slice, each with the type that it has.
//!
//! In: JSON text. Out: `DebugAnnotation` messages, whose names are numbers that are said once. A text is written with
//! what would steer a terminal spelled out. Protobuf has no null, and of an empty list or object viewers show nothing:
//! these three are the texts that they are in JSON.

use std::{borrow::Cow, fmt};

use rustc_hash::FxHashMap;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{
    fields::{annotation, interned, named},
    proto::Proto,
};
use crate::text::{is_hidden, visible};

/// How many names of annotations have numbers. A trace may have more, since who makes the requests may choose them: the
/// others are written out.
const MOST_NAMES: usize = 1 << 16;

/// What has been said by number, and what is to be said with the next packet.
#[derive(Debug, Default)]
pub(super) struct Interned {
    /// An `InternedData`.
    pub(super) new: Proto,
    names: FxHashMap<Box<str>, u64>,
}

impl Interned {
    /// Says what a number means.
    pub(super) fn say(&mut self, field: u32, number: u64, text: &str) {
        self.new.message(field, |entry| {
            entry.number(named::IID, number);
            entry.text(named::NAME, &shown(text));
        });
    }

    /// Writes the name of an annotation into it.
    pub(super) fn name(&mut self, out: &mut Proto, name: &str) {
        if let Some(number) = self.names.get(name) {
            return out.number(annotation::NAME_IID, *number);
        }
        if self.names.len() >= MOST_NAMES {
            return out.text(annotation::NAME, &shown(name));
        }
        let number = self.names.len() as u64 + 1;
        self.names.insert(name.into(), number);
        self.say(interned::ANNOTATION_NAMES, number, name);
        out.number(annotation::NAME_IID, number);
    }
}

/// Text in which nothing steers what shows it.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|b| matches!(b, b' '..=b'~')) || !text.contains(is_hidden);
    if is_plain { Cow::Borrowed(text) } else { visible(text) }
}

/// Writes an annotation with that name and value.
pub(super) fn json(out: &mut Proto, field: u32, interned: &mut Interned, name: &str, json: &str) {
    let opened = out.open(field);
    interned.name(out, name);
    let value = out.here();
    if (Annotation { out, interned }).deserialize(&mut serde_json::Deserializer::from_str(json)).is_err() {
        // Too deep.
        out.back_to(value);
        out.text(annotation::STRING, &shown(json));
    }
    out.close(opened);
}

/// Writes the value of an annotation.
struct Annotation<'a> {
    out: &'a mut Proto,
    interned: &'a mut Interned,
}

impl Annotation<'_> {
    fn value(self, field: u32, value: u64) {
        self.out.number(field, value);
    }
}

impl<'de> DeserializeSeed<'de> for Annotation<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Annotation<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.value(annotation::BOOL, value.into());
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.value(annotation::INT, value.cast_unsigned());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        let fits = i64::try_from(value).is_ok();
        self.value(if fits { annotation::INT } else { annotation::UINT }, value);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.out.fixed(annotation::DOUBLE, value.to_bits());
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.out.text(annotation::STRING, &shown(value));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_str("null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { out, interned } = self;
        let start = out.here();
        loop {
            let opened = out.open(annotation::ITEMS);
            if items.next_element_seed(Annotation { out, interned })?.is_none() {
                out.undo(opened);
                break;
            }
            out.close(opened);
        }
        if out.here() == start {
            out.text(annotation::STRING, "[]");
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { out, interned } = self;
        let start = out.here();
        loop {
            let opened = out.open(annotation::ENTRIES);
            if entries.next_key_seed(Key { out, interned })?.is_none() {
                out.undo(opened);
                break;
            }
            entries.next_value_seed(Annotation { out, interned })?;
            out.close(opened);
        }
        if out.here() == start {
            out.text(annotation::STRING, "{}");
        }
        Ok(())
    }
}

/// Writes the name of an entry.
struct Key<'a> {
    out: &'a mut Proto,
    interned: &'a mut Interned,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        self.interned.name(self.out, key);
        Ok(())
    }
}
