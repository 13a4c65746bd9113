//! A document as Jaeger's query service answers: whole traces, one after the other, times in microseconds.

use std::io::{self, Write};

use super::{list, plain};
use crate::{
    attributes::{Attributes, Value},
    shop::{Kind, SERVICES},
    trace::{MESSAGE, Span},
};

pub(crate) fn write(traces: impl Iterator<Item = Vec<Span>>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(br#"{"data":["#)?;
    list(traces, out, |trace, out| one(&trace, out))?;
    writeln!(out, r#"],"total":0,"limit":0,"offset":0,"errors":null}}"#)
}

fn one(trace: &[Span], out: &mut impl Write) -> io::Result<()> {
    let (high, low) = trace.first().map_or((0, 0), |span| span.trace_id);
    write!(out, r#"{{"traceID":"{high:016x}{low:016x}","spans":["#)?;
    list(trace, out, span)?;
    out.write_all(br#"],"processes":{"#)?;
    let used = (0..SERVICES.len()).filter(|service| trace.iter().any(|s| s.operation.service == *service));
    list(used, out, |service, out| {
        write!(out, r#""p{service}":{{"serviceName":"{}","tags":[]}}"#, SERVICES[service])
    })?;
    out.write_all(br#"},"warnings":null}"#)
}

fn span(span: &Span, out: &mut impl Write) -> io::Result<()> {
    let (high, low) = span.trace_id;
    let name = span.operation.name;
    write!(
        out,
        r#"{{"traceID":"{high:016x}{low:016x}","spanID":"{:016x}","flags":1,"operationName":"{name}","references":["#,
        span.id
    )?;
    list(span.parent, out, |parent, out| {
        write!(out, r#"{{"refType":"CHILD_OF","traceID":"{high:016x}{low:016x}","spanID":"{parent:016x}"}}"#)
    })?;
    let (start, duration) = (span.start / 1000, (span.end - span.start) / 1000);
    write!(out, r#"],"startTime":{start},"duration":{duration},"tags":"#)?;
    let mut tags = span.attributes();
    let kind = match span.operation.kind {
        Kind::Internal => "internal",
        Kind::Server => "server",
        Kind::Client => "client",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    };
    tags.push(("span.kind", Value::Name(kind)));
    if span.failed {
        let status = [("otel.status_code", "ERROR"), ("otel.status_description", MESSAGE)];
        tags.extend(status.map(|(key, value)| (key, Value::Name(value))));
        tags.push(("error", Value::Flag(true)));
    }
    fields(&tags, out)?;
    out.write_all(br#","logs":["#)?;
    list(span.event(), out, |mut event, out| {
        event.attributes.insert(0, ("event", Value::Name(event.name)));
        write!(out, r#"{{"timestamp":{},"fields":"#, event.time / 1000)?;
        fields(&event.attributes, out)?;
        out.write_all(b"}")
    })?;
    write!(out, r#"],"processID":"p{}","warnings":null}}"#, span.operation.service)
}

fn fields(attributes: &Attributes, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    list(attributes, out, |(key, value), out| {
        let kind = match value {
            Value::Name(_) | Value::Text(_) => "string",
            Value::Whole(_) => "int64",
            Value::Ratio(_) => "float64",
            Value::Flag(_) => "bool",
        };
        write!(out, r#"{{"key":"{key}","type":"{kind}","value":"#)?;
        plain(value, out)?;
        out.write_all(b"}")
    })?;
    out.write_all(b"]")
}
