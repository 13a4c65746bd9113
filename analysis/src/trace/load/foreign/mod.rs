//! Spans as other tools write them: OTLP/JSON, Jaeger JSON, Zipkin v2 JSON, flat spans, and what Python's
//! OpenTelemetry prints.
//!
//! In: a JSON value, out of a line or a stream. Out: spans in a chunk. What a value is shows in its keys, object by
//! object: arrays and the envelopes of query services are walked through. A span is made of its text alone, so that one
//! that can't be read, being nested too deep or too large, costs no other; what is held at a time is one span, with
//! the text of those that come before what they need: a resource's before the resource, a trace's before its
//! processes. Not here: where values come from, and how much text may be held.

mod loose;
mod span;
mod parts;
mod otlp;
mod jaeger;
mod zipkin;
mod flat;

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{chunk::Chunk, found};
use crate::trace::oddity::Oddity;
use loose::Object;
use parts::{Parts, SPANS};

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
    /// It is no span, and there is none in it, but this.
    NoSpan(String),
    /// There are spans in it, and none of them has ids.
    NoIds,
    /// More of it would have to be held than there is memory for.
    TooLarge(&'static str),
}

/// Whether it begins as what has spans of other tools in it.
pub(super) fn is_envelope(text: &str) -> bool {
    let key = text.trim_start().strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"'));
    let is = |rest: &str, key: &str| rest.strip_prefix(key).is_some_and(|rest| rest.starts_with('"'));
    key.is_some_and(|rest| ENVELOPES.iter().any(|key| is(rest, key)))
}

/// Takes the spans out of a line, all or none if it is no JSON.
pub(super) fn parse_line(line: &str, chunk: &mut Chunk) -> Result<(), Refused> {
    serde_json::from_str::<IgnoredAny>(line).map_err(Refused::Json)?;
    take(serde_json::Deserializer::from_str(line), chunk, &mut |_| true)
}

/// Takes the spans out of a value as it is read. `hand_on` may empty the chunk after any of them, and stops the
/// reading with false.
pub(super) fn take<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    chunk: &mut Chunk,
    hand_on: &mut dyn FnMut(&mut Chunk) -> bool,
) -> Result<(), Refused> {
    let mut walk = Walk { chunk, hand_on, spans: 0, none: 0, strange: 0, found: None };
    Step { walk: &mut walk, place: Place::Element }.deserialize(&mut json).map_err(Refused::Json)?;
    let Walk { chunk, spans, none, strange, found, .. } = walk;
    match (spans, none, strange) {
        (0, 1.., _) => Err(Refused::NoIds),
        (0, 0, 1..) => Err(Refused::NoSpan(found.unwrap_or_else(|| found::NOTHING.to_owned()))),
        _ => {
            chunk.oddities.add(Oddity::UnreadableSpan, none + strange);
            Ok(())
        }
    }
}

struct Walk<'a> {
    chunk: &'a mut Chunk,
    hand_on: &'a mut dyn FnMut(&mut Chunk) -> bool,
    /// Spans, and resources and traces without any.
    spans: u64,
    /// Spans without ids.
    none: u64,
    /// Objects that are something else.
    strange: u64,
    /// What the first of these is.
    found: Option<String>,
}

/// What the spans of a list have in common.
#[derive(Clone, Copy)]
enum Of<'p> {
    /// OTLP's are of a service.
    Service(Option<&'p str>),
    /// Jaeger's name one of these.
    Processes(Option<&'p Object>),
}

impl Walk<'_> {
    /// Takes the spans of an object by its keys; false if it is something else.
    fn object(&mut self, parts: &Parts) -> Result<bool, serde_json::Error> {
        let has = |keys: &[&str]| keys.iter().any(|key| parts.get(key).is_some());
        let in_context = || parts.get("context").is_some_and(|c| c.get().contains("\"trace_id\""));
        if has(&otlp::SCOPES) {
            let service = parts.service();
            for scopes in otlp::SCOPES.iter().filter_map(|key| parts.get(key)) {
                self.list(scopes, Place::Scopes(service.as_deref()))?;
            }
        } else if has(&[SPANS]) && has(&["processes", "traceID"]) {
            let processes = parts.get("processes").and_then(|p| serde_json::from_str(p.get()).ok());
            if let Some(spans) = parts.get(SPANS) {
                self.list(spans, Place::Spans(Of::Processes(processes.as_ref())))?;
            }
        } else if has(&["operationName"]) && has(&["spanID"]) {
            let taken = parts
                .object(self.left_out(&jaeger::EXTRAS))
                .is_some_and(|object| jaeger::span(&object, None, self.chunk));
            self.count(taken);
        } else if has(&flat::TRACE_ID) && has(&flat::SPAN_ID) && !found::is_glyphs(|key| has(&[key]))
            || in_context()
        {
            let taken = parts.object(&[]).is_some_and(|object| flat::span(&object, self.chunk));
            self.count(taken);
        } else if has(&["traceId"]) && has(&["id"]) {
            let taken = parts
                .object(self.left_out(&zipkin::EXTRAS))
                .is_some_and(|object| zipkin::span(&object, self.chunk));
            self.count(taken);
        } else if parts.too_large {
            self.count(false);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes the spans of a list whose text was held.
    fn list(&mut self, list: &RawValue, place: Place<'_>) -> Result<(), serde_json::Error> {
        let before = (self.spans, self.none);
        let mut json = serde_json::Deserializer::from_str(list.get());
        Step { walk: self, place }.deserialize(&mut json)?;
        // A resource without spans is no reason to refuse the value.
        self.spans += u64::from(before == (self.spans, self.none));
        Ok(())
    }

    fn span(&mut self, text: &RawValue, of: Of<'_>) {
        let only_pictures_need = match of {
            Of::Service(_) => &otlp::EXTRAS[..],
            Of::Processes(_) => &jaeger::EXTRAS,
        };
        let object = parts::parse(text, self.left_out(only_pictures_need));
        let taken = object.is_some_and(|span| match of {
            Of::Service(service) => otlp::span(&span, service, self.chunk),
            Of::Processes(processes) => jaeger::span(&span, processes, self.chunk),
        });
        self.count(taken);
    }

    /// Those keys, unless what stands there is wanted.
    fn left_out<'k>(&self, only_pictures_need: &'k [&'k str]) -> &'k [&'k str] {
        if self.chunk.wants_details() { &[] } else { only_pictures_need }
    }

    fn count(&mut self, taken: bool) {
        self.spans += u64::from(taken);
        self.none += u64::from(!taken);
    }

    /// Counts what is no span.
    fn strange(&mut self, what: impl FnOnce() -> String) {
        self.strange += 1;
        self.found.get_or_insert_with(what);
    }

    fn hand_on<E: de::Error>(&mut self) -> Result<(), E> {
        if (self.hand_on)(self.chunk) { Ok(()) } else { Err(E::custom("nobody takes the spans")) }
    }
}

/// Where the walk is. What comes out of a step is whether there may be spans, or nothing.
struct Step<'w, 'a, 'p> {
    walk: &'w mut Walk<'a>,
    place: Place<'p>,
}

#[derive(Clone, Copy)]
enum Place<'p> {
    /// Where a span is expected: at the top and in arrays.
    Element,
    /// In something that has spans in it.
    Envelope,
    /// In the list of a resource's scopes.
    Scopes(Option<&'p str>),
    /// In one of them.
    Scope(Option<&'p str>),
    /// In a list of spans.
    Spans(Of<'p>),
}

impl<'de> DeserializeSeed<'de> for Step<'_, '_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Step<'_, '_, '_> {
    /// Something that is neither an array nor an object.
    fn scalar<E>(self, what: &str) -> Result<bool, E> {
        match self.place {
            Place::Element => self.walk.strange(|| format!("it is {what}")),
            Place::Scope(_) | Place::Envelope | Place::Scopes(_) | Place::Spans(_) => {}
        }
        Ok(false)
    }

    /// An object that is a span or has spans in it.
    fn object<'de, A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        let walk = self.walk;
        let mut parts = Parts::default();
        let mut is_known = false;
        while let Some(key) = entries.next_key::<String>()? {
            if ENVELOPES.contains(&key.as_str()) {
                is_known |= entries.next_value_seed(Step { walk, place: Place::Envelope })?;
            } else if otlp::SCOPES.contains(&key.as_str()) && parts.get("resource").is_some() {
                is_known = true;
                let before = (walk.spans, walk.none);
                let service = parts.service();
                entries.next_value_seed(Step { walk, place: Place::Scopes(service.as_deref()) })?;
                walk.spans += u64::from(before == (walk.spans, walk.none));
            } else if let Some(what) = found::other(&key).filter(|_| walk.spans == 0) {
                // Said at once: there may be gigabytes of it.
                return Err(de::Error::custom(what));
            } else {
                parts.read(key, &mut entries)?;
            }
        }
        let taken = walk.object(&parts).map_err(de::Error::custom)?;
        if !taken && !is_known && matches!(self.place, Place::Element) {
            walk.strange(|| found::object(parts.keys()));
        }
        Ok(true)
    }
}

impl<'de> Visitor<'de> for Step<'_, '_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        let Self { walk, place } = self;
        let mut some = false;
        let mut next = |walk: &mut Walk<'_>| {
            Ok(match place {
                Place::Element | Place::Envelope => {
                    elements.next_element_seed(Step { walk, place: Place::Element })?.is_some()
                }
                Place::Scopes(service) => {
                    elements.next_element_seed(Step { walk, place: Place::Scope(service) })?.is_some()
                }
                Place::Spans(of) => {
                    elements.next_element::<Box<RawValue>>()?.map(|text| walk.span(&text, of)).is_some()
                }
                Place::Scope(_) => elements.next_element::<IgnoredAny>()?.is_some(),
            })
        };
        while next(walk)? {
            some = true;
            walk.hand_on()?;
        }
        // Nothing at all says nothing about what it is.
        if !some && matches!(place, Place::Element) {
            walk.strange(|| "it is an empty array".to_owned());
        }
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        let Place::Scope(service) = self.place else {
            return match self.place {
                Place::Scopes(_) | Place::Spans(_) => {
                    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    Ok(true)
                }
                _ => self.object(entries),
            };
        };
        while let Some(key) = entries.next_key::<String>()? {
            if key == SPANS {
                let place = Place::Spans(Of::Service(service));
                entries.next_value_seed(Step { walk: self.walk, place })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(true)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        self.scalar("true or false")
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        self.scalar("a number")
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        self.scalar("a number")
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        self.scalar("a number")
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        self.scalar("a text")
    }

    /// Query services give null for nothing.
    fn visit_unit<E>(self) -> Result<bool, E> {
        self.scalar("null")?;
        Ok(true)
    }
}
