//! A span as its line. A daemon writes more spans than anything else: this is what serde makes of one, in a third of the time,
//! since nothing has to be asked what it is called.

use std::io;

use serde::Serialize;

use super::{Span, SpanEvent, SpanLink};
use crate::{Attributes, SpanId, TraceId, Value};

impl Span {
    /// Adds the span and the end of its line.
    ///
    /// # Errors
    /// None that a span can cause: it has nothing that JSON does not.
    pub fn write_line(&self, line: &mut Vec<u8>) -> io::Result<()> {
        line.extend_from_slice(b"{\"trace_id\":");
        trace_id(line, self.trace_id);
        line.extend_from_slice(b",\"span_id\":");
        span_id(line, self.span_id);
        if let Some(parent) = self.parent_span_id {
            line.extend_from_slice(b",\"parent_span_id\":");
            span_id(line, parent);
        }
        line.extend_from_slice(b",\"name\":");
        text(line, &self.name)?;
        line.extend_from_slice(b",\"kind\":\"");
        line.extend_from_slice(self.kind.as_str().as_bytes());
        line.extend_from_slice(b"\",\"attributes\":");
        attributes(line, &self.attributes)?;
        line.extend_from_slice(b",\"events\":");
        array(line, &self.events, event)?;
        if !self.links.is_empty() {
            line.extend_from_slice(b",\"links\":");
            array(line, &self.links, link)?;
        }
        line.extend_from_slice(b",\"status\":\"");
        line.extend_from_slice(self.status.as_str().as_bytes());
        line.push(b'"');
        if let Some(message) = &self.status_message {
            line.extend_from_slice(b",\"status_message\":");
            text(line, message)?;
        }
        line.extend_from_slice(b",\"start_time_unix_nano\":");
        json(line, &self.start_time_unix_nano)?;
        line.extend_from_slice(b",\"end_time_unix_nano\":");
        json(line, &self.end_time_unix_nano)?;
        line.extend_from_slice(b",\"service_name\":");
        text(line, &self.service_name)?;
        line.extend_from_slice(b"}\n");
        Ok(())
    }
}

fn event(line: &mut Vec<u8>, event: &SpanEvent) -> io::Result<()> {
    line.extend_from_slice(b"{\"name\":");
    text(line, &event.name)?;
    line.extend_from_slice(b",\"time_unix_nano\":");
    json(line, &event.time_unix_nano)?;
    line.extend_from_slice(b",\"attributes\":");
    attributes(line, &event.attributes)?;
    line.push(b'}');
    Ok(())
}

fn link(line: &mut Vec<u8>, link: &SpanLink) -> io::Result<()> {
    line.extend_from_slice(b"{\"trace_id\":");
    trace_id(line, link.trace_id);
    line.extend_from_slice(b",\"span_id\":");
    span_id(line, link.span_id);
    line.extend_from_slice(b",\"attributes\":");
    attributes(line, &link.attributes)?;
    line.push(b'}');
    Ok(())
}

fn attributes(line: &mut Vec<u8>, attributes: &Attributes) -> io::Result<()> {
    line.push(b'{');
    for (i, (name, value)) in attributes.0.iter().enumerate() {
        if i > 0 {
            line.push(b',');
        }
        text(line, name)?;
        line.push(b':');
        match value {
            Value::String(value) => text(line, value)?,
            other => json(line, other)?,
        }
    }
    line.push(b'}');
    Ok(())
}

fn array<T>(
    line: &mut Vec<u8>,
    items: &[T],
    each: impl Fn(&mut Vec<u8>, &T) -> io::Result<()>,
) -> io::Result<()> {
    line.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            line.push(b',');
        }
        each(line, item)?;
    }
    line.push(b']');
    Ok(())
}

fn trace_id(line: &mut Vec<u8>, id: TraceId) {
    quoted(line, &id.digits());
}

fn span_id(line: &mut Vec<u8>, id: SpanId) {
    quoted(line, &id.digits());
}

fn text(line: &mut Vec<u8>, text: &str) -> io::Result<()> {
    // All bytes, even after one that was found: that is how many are looked at together.
    let wants_escapes = |found, b: u8| found | (b < b' ') | (b == b'"') | (b == b'\\');
    if text.bytes().fold(false, wants_escapes) {
        return json(line, text);
    }
    quoted(line, text.as_bytes());
    Ok(())
}

/// What needs no escapes.
fn quoted(line: &mut Vec<u8>, text: &[u8]) {
    line.push(b'"');
    line.extend_from_slice(text);
    line.push(b'"');
}

fn json<T: Serialize + ?Sized>(line: &mut Vec<u8>, value: &T) -> io::Result<()> {
    Ok(serde_json::to_writer(line, value)?)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        UnixNanos,
        span::{SpanKind, SpanStatus},
    };

    fn texts() -> impl Strategy<Value = Cow<'static, str>> {
        prop_oneof![
            "[ -~]{0,12}".prop_map(Cow::Owned),
            any::<String>().prop_map(Cow::Owned),
            Just(Cow::Borrowed("http.request.method")),
        ]
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Double),
            texts().prop_map(Value::String),
            Just(Value::Null),
        ];
        leaf.prop_recursive(1, 4, 4, |leaf| prop::collection::vec(leaf, 0..4).prop_map(Value::Array))
    }

    fn all_attributes() -> impl Strategy<Value = Attributes> {
        prop::collection::vec((texts(), values()), 0..4).prop_map(Attributes)
    }

    fn ids() -> impl Strategy<Value = (TraceId, SpanId)> {
        (1..u128::MAX, 1..u64::MAX).prop_map(|(t, s)| (TraceId::new(t).unwrap(), SpanId::new(s).unwrap()))
    }

    fn spans() -> impl Strategy<Value = Span> {
        let event = (texts(), any::<u64>(), all_attributes()).prop_map(|(name, at, attributes)| SpanEvent {
            name,
            time_unix_nano: UnixNanos(at),
            attributes,
        });
        let link = (ids(), all_attributes()).prop_map(|((trace_id, span_id), attributes)| SpanLink {
            trace_id,
            span_id,
            attributes,
        });
        let kinds = prop::sample::select(vec![SpanKind::Internal, SpanKind::Server, SpanKind::Consumer]);
        let statuses = prop::sample::select(vec![SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error]);
        let about = (texts(), kinds, statuses, prop::option::of(texts()), texts());
        let inside =
            (all_attributes(), prop::collection::vec(event, 0..3), prop::collection::vec(link, 0..3));
        let made = (ids(), prop::option::of(1..u64::MAX), about, inside, any::<(u64, u64)>());
        made.prop_map(|((trace_id, span_id), parent, about, (attributes, events, links), times)| {
            let (name, kind, status, status_message, service_name) = about;
            Span {
                trace_id,
                span_id,
                parent_span_id: parent.and_then(SpanId::new),
                name,
                kind,
                attributes,
                events,
                links,
                status,
                status_message,
                start_time_unix_nano: UnixNanos(times.0),
                end_time_unix_nano: UnixNanos(times.1),
                service_name,
            }
        })
    }

    proptest! {
        #[test]
        fn the_line_is_what_serde_makes_of_the_span(span in spans()) {
            let mut line = Vec::new();
            span.write_line(&mut line).unwrap();
            prop_assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(&span).unwrap() + "\n");
        }
    }
}
