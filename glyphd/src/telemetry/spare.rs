//! Spans that were written, for those that begin next: what a span is kept in is made once, not for each.

use std::{borrow::Cow, cell::RefCell};

use glyph_formats::{
    Attributes, UnixNanos,
    span::{Span, SpanKind, SpanStatus},
};

use super::TraceContext;

/// What most spans are told; one that is told more grows.
const ATTRIBUTES: usize = 12;
/// How many are kept on each thread.
const KEPT: usize = 64;
/// A span that has grown beyond this is not kept.
const LARGEST: usize = 64;

thread_local! {
    // A box is what the caller wants, and gives back.
    #[expect(clippy::vec_box, reason = "spans go in and out as they are")]
    static SPARE: RefCell<Vec<Box<Span>>> = const { RefCell::new(Vec::new()) };
}

/// A span of which nothing is known but its place and its service.
pub(super) fn take(context: TraceContext, service_name: &str) -> Box<Span> {
    let spare = SPARE.with_borrow_mut(Vec::pop);
    let mut span = spare.unwrap_or_else(|| fresh(context));
    (span.trace_id, span.span_id) = (context.trace_id, context.span_id);
    if span.service_name != service_name {
        span.service_name = Cow::Owned(service_name.to_owned());
    }
    span
}

/// Takes one back.
pub(super) fn give_back(mut span: Box<Span>) {
    if span.attributes.0.capacity() > LARGEST || span.events.capacity() > LARGEST {
        return;
    }
    span.parent_span_id = None;
    span.attributes.0.clear();
    span.events.clear();
    span.links.clear();
    (span.status, span.status_message) = (SpanStatus::Unset, None);
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(span);
        }
    });
}

fn fresh(context: TraceContext) -> Box<Span> {
    Box::new(Span {
        trace_id: context.trace_id,
        span_id: context.span_id,
        parent_span_id: None,
        name: Cow::Borrowed(""),
        kind: SpanKind::Internal,
        attributes: Attributes(Vec::with_capacity(ATTRIBUTES)),
        events: Vec::new(),
        links: Vec::new(),
        status: SpanStatus::Unset,
        status_message: None,
        start_time_unix_nano: UnixNanos(0),
        end_time_unix_nano: UnixNanos(0),
        service_name: Cow::Borrowed(""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_span_is_left_in_the_next() {
        let place = || TraceContext::root(1.0);
        let first = place();
        let mut span = take(first, "one");
        span.attributes.push("a", "b");
        span.parent_span_id = Some(first.span_id);
        (span.status, span.status_message) = (SpanStatus::Error, Some("no".into()));
        give_back(span);
        let second = place();
        let span = take(second, "other");
        assert_eq!((span.trace_id, span.span_id), (second.trace_id, second.span_id));
        assert_eq!(
            (span.parent_span_id, span.status, &span.status_message),
            (None, SpanStatus::Unset, &None)
        );
        assert!(span.attributes.is_empty());
        assert_eq!(span.service_name, "other");
    }
}
