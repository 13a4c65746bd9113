//! Which trace and span something belongs to, and how that travels: W3C Trace Context's `traceparent`.

use std::fmt;

use glyph_formats::{SpanId, TraceId};
use http::{HeaderMap, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::is_chosen;

const TRACEPARENT: &str = "traceparent";

/// A span's place: enough to make it another span's parent, here or in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether the spans of the trace are recorded.
    pub sampled: bool,
}

impl TraceContext {
    /// A place in a trace of its own, of which no spans are recorded.
    pub(super) fn unsampled_root() -> Self {
        Self { trace_id: random(TraceId::new), span_id: random(SpanId::new), sampled: false }
    }

    /// A place in a trace of its own, recorded if the trace is among that share of all.
    pub(super) fn root(ratio: f64) -> Self {
        let trace_id = random(TraceId::new);
        Self { trace_id, span_id: random(SpanId::new), sampled: is_chosen(trace_id, ratio) }
    }

    /// A place below this one.
    pub(super) fn child(self) -> Self {
        Self { span_id: random(SpanId::new), ..self }
    }

    /// What a request says it belongs to.
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        headers.get(TRACEPARENT)?;
        extract(&HeaderExtractor(headers))
    }

    /// What a value of `traceparent` says.
    pub fn of_traceparent(value: &str) -> Option<Self> {
        extract(&Traceparent(value))
    }

    /// Says in a request's headers that it belongs here.
    pub fn put_into(self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(self.to_string()) {
            headers.insert(TRACEPARENT, value);
        }
    }

    fn of_span(context: &SpanContext) -> Option<Self> {
        Some(Self {
            trace_id: TraceId::new(u128::from_be_bytes(context.trace_id().to_bytes()))?,
            span_id: SpanId::new(u64::from_be_bytes(context.span_id().to_bytes()))?,
            sampled: context.is_sampled(),
        })
    }
}

impl fmt::Display for TraceContext {
    /// The value of `traceparent`, version 00.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

fn extract(from: &dyn Extractor) -> Option<TraceContext> {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), from);
    TraceContext::of_span(context.span().span_context())
}

fn random<N, I>(new: impl Fn(N) -> Option<I>) -> I
where
    rand::distr::StandardUniform: rand::distr::Distribution<N>,
{
    loop {
        if let Some(id) = new(rand::random()) {
            return id;
        }
    }
}

struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_says_what_it_was_made_of() {
        let context = TraceContext { sampled: true, ..TraceContext::unsampled_root() };
        assert_eq!(TraceContext::of_traceparent(&context.to_string()), Some(context));
        let mut headers = HeaderMap::new();
        context.put_into(&mut headers);
        assert_eq!(TraceContext::of_headers(&headers), Some(context));
    }

    #[test]
    fn what_is_no_traceparent_is_no_parent() {
        for value in [
            "",
            "00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::of_traceparent(value), None, "{value}");
        }
    }
}
