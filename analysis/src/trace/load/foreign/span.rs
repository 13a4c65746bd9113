//! One span of another tool on its way into the columns.
//!
//! In: what its format's module understood of it. Out: a span in the chunk, or none, and in either case every oddity
//! counted.

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use serde_json::{Value, json};

use super::{
    super::chunk::{Chunk, Span},
    loose::{self, Object},
};
use crate::trace::{columns::Detail, oddity::Oddity};

/// What stands for a service or a name that a file does not give.
const UNKNOWN: &str = "unknown";

/// A span whose parts may be missing or odd.
#[derive(Debug, Default)]
pub(super) struct Loose<'a> {
    pub(super) trace_id: Option<&'a Value>,
    pub(super) span_id: Option<&'a Value>,
    pub(super) parent_id: Option<&'a Value>,
    pub(super) name: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    /// None if the file says something that is no kind.
    pub(super) kind: Option<SpanKind>,
    /// None if the file says something that is no status.
    pub(super) status: Option<SpanStatus>,
    pub(super) status_message: Option<&'a str>,
    pub(super) start: Option<i128>,
    pub(super) end: Option<i128>,
}

/// What only a picture needs; made only if it is kept.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) attributes: Object,
    pub(super) events: Vec<Value>,
}

/// Something that happened during a span, as glyph writes it.
pub(super) fn event(name: &str, time: Option<i128>, attributes: Object) -> Value {
    let time = time.and_then(|time| u64::try_from(time).ok()).unwrap_or(0);
    json!({"name": name, "time_unix_nano": time, "attributes": attributes})
}

impl Loose<'_> {
    /// Adds the span to the chunk; false if it can't be told apart from others, having no ids.
    pub(super) fn add(self, chunk: &mut Chunk, extras: impl FnOnce() -> Extras) -> bool {
        let some = |id: Option<u128>| id.filter(|id| *id != 0);
        let trace_id = some(loose::id(self.trace_id, 16)).and_then(TraceId::new);
        let span_id = some(loose::id(self.span_id, 8)).and_then(|id| u64::try_from(id).ok());
        let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return false };
        let mut odd = |kind, is: bool| {
            if is {
                chunk.odd(kind, trace_id, span_id);
            }
        };
        let Some((start, end)) = self.times(&mut odd) else { return true };
        let parent_id = loose::id(self.parent_id, 8).and_then(|id| u64::try_from(id).ok());
        odd(Oddity::Orphan, parent_id.is_none());
        odd(Oddity::WithoutService, self.service.is_none());
        odd(Oddity::WithoutName, self.name.is_none());
        odd(Oddity::UnknownKind, self.kind.is_none());
        odd(Oddity::UnknownStatus, self.status.is_none());
        let message = self.status_message.filter(|m| !m.is_empty());
        let [attributes, events, status_message] =
            if chunk.wants_details() { texts(extras(), message) } else { Default::default() };
        chunk.push(&Span {
            trace_id,
            span_id,
            parent_id: parent_id.unwrap_or(0),
            name: self.name.unwrap_or(UNKNOWN),
            service: self.service.unwrap_or(UNKNOWN),
            kind: self.kind.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            start,
            end,
            detail: Detail { attributes: &attributes, events: &events, status_message: &status_message },
        });
        true
    }

    /// When the span starts and ends; none if it can't be placed in time at all.
    fn times(&self, odd: &mut impl FnMut(Oddity, bool)) -> Option<(u64, Option<u64>)> {
        // Until the year 2262, so that the differences of any two times, and their sums, are still numbers.
        let in_range = |time: i128| u64::try_from(time).ok().filter(|time| i64::try_from(*time).is_ok());
        let Some(start) = self.start else {
            odd(Oddity::WithoutStart, true);
            return None;
        };
        let Some(start) = in_range(start) else {
            odd(Oddity::TimeBeyondRange, true);
            return None;
        };
        let Some(end) = self.end else { return Some((start, None)) };
        if end < i128::from(start) {
            // Counted here: what is below zero has no place in the columns.
            odd(Oddity::EndBeforeStart, true);
            return Some((start, Some(start)));
        }
        let known = in_range(end);
        odd(Oddity::TimeBeyondRange, known.is_none());
        known.map(|end| (start, Some(end)))
    }
}

/// The parts of a [`Detail`].
fn texts(extras: Extras, message: Option<&str>) -> [String; 3] {
    let attributes = Value::Object(extras.attributes).to_string();
    let events = Value::Array(extras.events).to_string();
    [attributes, events, message.map_or_else(String::new, |m| Value::from(m).to_string())]
}
