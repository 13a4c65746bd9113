//! Spans in columns: a vector for each field, names and ids as numbers.
//!
//! In: spans from a loader, one after the other or a chunk at a time. Out: slices that the pure functions of this
//! module's siblings read. Not here: what a field looks like in any file format.

use std::sync::Arc;

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use rustc_hash::FxHashMap;

use super::tree::Links;

/// Many spans, a column for each field. Row `i` of each column belongs to the same span.
#[derive(Debug, Default)]
pub struct Spans {
    /// The position of the span's trace in [`Spans::trace_ids`].
    pub(crate) trace: Vec<u32>,
    pub(crate) span_id: Vec<u64>,
    /// Zero for none.
    pub(crate) parent_id: Vec<u64>,
    pub(crate) service: Vec<u32>,
    pub(crate) name: Vec<u32>,
    pub(crate) kind: Vec<SpanKind>,
    pub(crate) status: Vec<SpanStatus>,
    pub(crate) start: Vec<u64>,
    /// Never before the start.
    pub(crate) end: Vec<u64>,
    pub(crate) details: Details,
    pub(crate) trace_ids: Vec<TraceId>,
    pub(crate) services: Names,
    pub(crate) names: Names,
}

impl Spans {
    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.span_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.span_id.is_empty()
    }

    /// Every trace, in the order in which the files name them first.
    pub fn trace_ids(&self) -> &[TraceId] {
        &self.trace_ids
    }

    /// The services, in the order in which the files name them first.
    pub fn services(&self) -> &Names {
        &self.services
    }

    /// The instant at which the first span starts and the one at which the last ends; none without spans.
    pub fn extent(&self) -> Option<(u64, u64)> {
        Some((*self.start.iter().min()?, *self.end.iter().max()?))
    }

    /// How long span `i` took, in nanoseconds.
    pub fn duration(&self, i: usize) -> u64 {
        self.end[i] - self.start[i]
    }

    /// Adds a span that nobody called, of the trace and the names of these numbers, which starts at zero.
    pub(super) fn push_root(
        &mut self,
        trace: u32,
        (service, name): (u32, u32),
        duration_ns: u64,
        is_error: bool,
    ) {
        self.trace.push(trace);
        self.span_id.push(self.span_id.len() as u64 + 1);
        self.parent_id.push(0);
        self.service.push(service);
        self.name.push(name);
        self.kind.push(SpanKind::Internal);
        self.status.push(if is_error { SpanStatus::Error } else { SpanStatus::Unset });
        self.start.push(0);
        self.end.push(duration_ns);
    }

    /// What the tree is made of.
    pub(crate) fn links(&self) -> Links<'_> {
        Links {
            trace: &self.trace,
            traces: self.trace_ids.len(),
            span_id: &self.span_id,
            parent_id: &self.parent_id,
            service: &self.service,
            kind: &self.kind,
            start: &self.start,
        }
    }
}

/// The time from the first start to the last end of both; none only of nothing.
pub(super) fn union(a: Option<(u64, u64)>, b: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// Trace ids as small numbers, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct TraceNumbers(FxHashMap<TraceId, u32>);

impl TraceNumbers {
    /// The number of that trace: its position in `ids`, to which it is added if it is new.
    pub(super) fn of(&mut self, id: TraceId, ids: &mut Vec<TraceId>) -> u32 {
        *self.0.entry(id).or_insert_with(|| {
            ids.push(id);
            ids.len() as u32 - 1
        })
    }
}

/// Texts as small numbers, in the order in which they came.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Arc<str>>,
    codes: FxHashMap<Arc<str>, u32>,
}

impl Names {
    /// The number of that text, a new one if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let text: Arc<str> = text.into();
        let code = self.texts.len() as u32;
        self.texts.push(Arc::clone(&text));
        self.codes.insert(text, code);
        code
    }

    /// The numbers that the texts of `other` have here.
    pub(super) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        other.iter().map(|text| self.intern(text)).collect()
    }

    /// The text of that number.
    ///
    /// # Panics
    /// If the number was not given by [`Names::intern`] of this very object.
    pub fn text(&self, code: u32) -> &str {
        &self.texts[code as usize]
    }

    /// Every text, by its number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// The parts of spans that only a picture needs, as the JSON text in which they stood, in one run of bytes.
#[derive(Debug, Default)]
pub(crate) struct Details {
    text: String,
    /// Where each part ends, [`Details::PARTS`] to a span. Empty if nothing was kept.
    ends: Vec<u64>,
}

/// The details of one span: JSON text, empty if the span has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Detail<'a> {
    /// An object.
    pub(crate) attributes: &'a str,
    /// An array of objects.
    pub(crate) events: &'a str,
    /// A string, with its quotes.
    pub(crate) status_message: &'a str,
}

impl Details {
    const PARTS: usize = 3;

    pub(crate) fn push(&mut self, detail: Detail<'_>) {
        for part in [detail.attributes, detail.events, detail.status_message] {
            self.text.push_str(part);
            self.ends.push(self.text.len() as u64);
        }
    }

    /// How many bytes of text there are.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.text.len() as u64;
        self.text.push_str(&other.text);
        self.ends.extend(other.ends.iter().map(|end| base + end));
    }

    /// What is kept of span `i`.
    pub(crate) fn get(&self, i: usize) -> Detail<'_> {
        let first = i * Self::PARTS;
        let end_of = |part: usize| self.ends.get(part).map_or(0, |end| *end as usize);
        let mut from = if first == 0 { 0 } else { end_of(first - 1) };
        let mut next = |part| {
            let to = end_of(first + part);
            let text = self.text.get(from..to).unwrap_or_default();
            from = to;
            text
        };
        Detail { attributes: next(0), events: next(1), status_message: next(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_come_back_by_span() {
        let mut details = Details::default();
        assert_eq!(details.get(0), Detail::default());
        details.push(Detail { attributes: "{}", events: "", status_message: "\"x\"" });
        let mut more = Details::default();
        more.push(Detail { attributes: "", events: "[1]", status_message: "" });
        details.append(&more);
        assert_eq!(details.get(0), Detail { attributes: "{}", events: "", status_message: "\"x\"" });
        assert_eq!(details.get(1), Detail { attributes: "", events: "[1]", status_message: "" });
    }
}
