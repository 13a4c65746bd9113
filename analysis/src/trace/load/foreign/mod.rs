//! Spans as other tools write them: OTLP/JSON, Jaeger JSON, Zipkin v2 JSON, and flat spans.
//!
//! In: a JSON value, out of a line or a stream. Out: spans in a chunk. What a value is shows in its keys, object by
//! object: arrays and the envelopes of query services are walked through, and what is held at a time is the spans of
//! one resource (OTLP), of one trace (Jaeger) or one span (Zipkin, flat). Not here: where values come from.

mod loose;
mod span;
mod otlp;
mod jaeger;
mod zipkin;
mod flat;

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::chunk::Chunk;
use crate::trace::oddity::Oddity;
use loose::Object;

/// What has the spans in it: of OTLP, of Grafana Tempo's answers, of Jaeger's.
const ENVELOPES: [&str; 7] =
    ["resourceSpans", "resource_spans", "batches", "data", "trace", "traces", "result"];

/// A text in which none of these occurs is no trace file of another tool.
pub(super) const SIGNS: [&str; 8] = [
    "\"resourceSpans\"",
    "\"resource_spans\"",
    "\"batches\"",
    "\"scopeSpans\"",
    "\"traceID\"",
    "\"traceId\"",
    "\"trace_id\"",
    "\"data\"",
];

/// Why spans could not be taken from a value.
pub(super) enum Refused {
    /// It is no JSON, or the reading of it was stopped.
    Json(serde_json::Error),
    /// It is no span, and there is none in it.
    NoSpan,
    /// There are spans in it, and none of them has ids.
    NoIds,
}

/// Takes the spans out of a line, all or none if it is no JSON.
pub(super) fn parse_line(line: &str, chunk: &mut Chunk) -> Result<(), Refused> {
    serde_json::from_str::<de::IgnoredAny>(line).map_err(Refused::Json)?;
    take(serde_json::Deserializer::from_str(line), chunk, &mut |_| true)
}

/// Takes the spans out of a value as it is read. `hand_on` may empty the chunk after any of them, and stops the
/// reading with false.
pub(super) fn take<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    chunk: &mut Chunk,
    hand_on: &mut dyn FnMut(&mut Chunk) -> bool,
) -> Result<(), Refused> {
    let mut walk = Walk { chunk, hand_on, spans: 0, none: 0, strange: 0 };
    Step { walk: &mut walk, is_element: true }.deserialize(&mut json).map_err(Refused::Json)?;
    let Walk { chunk, spans, none, strange, .. } = walk;
    match (spans, none, strange) {
        (0, 1.., _) => Err(Refused::NoIds),
        (0, 0, 1..) => Err(Refused::NoSpan),
        _ => {
            chunk.oddities.add(Oddity::UnreadableSpan, none + strange);
            Ok(())
        }
    }
}

struct Walk<'a> {
    chunk: &'a mut Chunk,
    hand_on: &'a mut dyn FnMut(&mut Chunk) -> bool,
    /// Objects that are spans or hold them.
    spans: u64,
    /// Spans without ids.
    none: u64,
    /// Objects that are something else.
    strange: u64,
}

impl Walk<'_> {
    /// Takes the spans of an object by its keys; false if it is something else.
    fn object(&mut self, object: &Object) -> bool {
        let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
        let none_if = |is_none: bool| u64::from(is_none);
        let before = self.chunk.len();
        let none = if has(&otlp::SCOPES) {
            otlp::resource(object, self.chunk)
        } else if has(&["spans"]) && has(&["processes", "traceID"]) {
            jaeger::trace(object, self.chunk)
        } else if has(&["operationName"]) && has(&["spanID"]) {
            none_if(!jaeger::span(object, None, self.chunk))
        } else if has(&flat::TRACE_ID) && has(&flat::SPAN_ID) {
            none_if(!flat::span(object, self.chunk))
        } else if has(&["traceId"]) && has(&["id"]) {
            none_if(!zipkin::span(object, self.chunk))
        } else {
            return false;
        };
        self.none += none;
        // A resource without spans, or a span without a start, is no reason to refuse the value.
        self.spans += u64::from(none == 0 || self.chunk.len() > before);
        true
    }
}

/// Where the walk is.
struct Step<'w, 'a> {
    walk: &'w mut Walk<'a>,
    /// Whether a span is expected here: at the top and in arrays.
    is_element: bool,
}

impl<'de> DeserializeSeed<'de> for Step<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Step<'_, '_> {
    fn scalar<E>(self) -> Result<(), E> {
        self.walk.strange += u64::from(self.is_element);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Step<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut some = false;
        while elements.next_element_seed(Step { walk: self.walk, is_element: true })?.is_some() {
            some = true;
            if !(self.walk.hand_on)(self.walk.chunk) {
                return Err(de::Error::custom("nobody takes the spans"));
            }
        }
        // Nothing at all says nothing about what it is.
        self.walk.strange += u64::from(self.is_element && !some);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut object = Object::new();
        let mut is_envelope = false;
        while let Some(key) = entries.next_key::<String>()? {
            if ENVELOPES.contains(&key.as_str()) {
                is_envelope = true;
                entries.next_value_seed(Step { walk: self.walk, is_element: false })?;
            } else {
                object.insert(key, entries.next_value::<Value>()?);
            }
        }
        if !self.walk.object(&object) && !is_envelope {
            self.walk.strange += u64::from(self.is_element);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar()
    }
}
