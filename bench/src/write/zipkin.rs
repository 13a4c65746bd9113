//! One array of Zipkin v2 spans, times in microseconds.

use std::io::{self, Write};

use super::{list, plain, string};
use crate::{
    attributes::Value,
    shop::{Kind, SERVICES},
    trace::{MESSAGE, Span},
};

pub(crate) fn write(spans: impl Iterator<Item = Span>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    list(spans, out, |span, out| one(&span, out))?;
    out.write_all(b"]\n")
}

fn one(span: &Span, out: &mut impl Write) -> io::Result<()> {
    let (high, low) = span.trace_id;
    write!(out, r#"{{"traceId":"{high:016x}{low:016x}","id":"{:016x}""#, span.id)?;
    if let Some(parent) = span.parent {
        write!(out, r#","parentId":"{parent:016x}""#)?;
    }
    // Work inside a service has no kind there.
    match span.operation.kind {
        Kind::Internal => {}
        Kind::Server => out.write_all(br#","kind":"SERVER""#)?,
        Kind::Client => out.write_all(br#","kind":"CLIENT""#)?,
        Kind::Producer => out.write_all(br#","kind":"PRODUCER""#)?,
        Kind::Consumer => out.write_all(br#","kind":"CONSUMER""#)?,
    }
    let (name, service) = (span.operation.name, SERVICES[span.operation.service]);
    let (start, duration) = (span.start / 1000, (span.end - span.start) / 1000);
    write!(
        out,
        r#","name":"{name}","timestamp":{start},"duration":{duration},"localEndpoint":{{"serviceName":"{service}"}}"#
    )?;
    out.write_all(br#","annotations":["#)?;
    list(span.event(), out, |event, out| {
        write!(out, r#"{{"timestamp":{},"value":"{}"}}"#, event.time / 1000, event.name)
    })?;
    out.write_all(br#"],"tags":{"#)?;
    let mut tags = span.attributes();
    if span.failed {
        tags.push(("error", Value::Name(MESSAGE)));
    }
    list(&tags, out, |(key, value), out| {
        write!(out, r#""{key}":"#)?;
        match value {
            Value::Name(_) | Value::Text(_) => plain(value, out),
            // All tags are text there.
            _ => {
                let mut text = Vec::new();
                plain(value, &mut text)?;
                string(&String::from_utf8_lossy(&text), out)
            }
        }
    })?;
    out.write_all(b"}}")
}
