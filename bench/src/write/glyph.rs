//! Glyph's own format: one span a line (`docs/schemas/`).

use std::io::{self, Write};

use super::{list, plain};
use crate::{
    attributes::Attributes,
    shop::{Kind, SERVICES},
    trace::{MESSAGE, Span},
};

pub(crate) fn write(spans: impl Iterator<Item = Span>, out: &mut impl Write) -> io::Result<()> {
    for span in spans {
        line(&span, out)?;
    }
    Ok(())
}

fn line(span: &Span, out: &mut impl Write) -> io::Result<()> {
    let (high, low) = span.trace_id;
    write!(out, r#"{{"trace_id":"{high:016x}{low:016x}","span_id":"{:016x}""#, span.id)?;
    if let Some(parent) = span.parent {
        write!(out, r#","parent_span_id":"{parent:016x}""#)?;
    }
    let kind = match span.operation.kind {
        Kind::Internal => "internal",
        Kind::Server => "server",
        Kind::Client => "client",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    };
    write!(out, r#","name":"{}","kind":"{kind}","attributes":"#, span.operation.name)?;
    object(&span.attributes(), out)?;
    out.write_all(br#","events":["#)?;
    list(span.event(), out, |event, out| {
        write!(out, r#"{{"name":"{}","time_unix_nano":{},"attributes":"#, event.name, event.time)?;
        object(&event.attributes, out)?;
        out.write_all(b"}")
    })?;
    let status = match span.operation.kind {
        _ if span.failed => "error",
        Kind::Server | Kind::Client => "ok",
        _ => "unset",
    };
    write!(out, r#"],"status":"{status}""#)?;
    if span.failed {
        write!(out, r#","status_message":"{MESSAGE}""#)?;
    }
    let service = SERVICES[span.operation.service];
    let (start, end) = (span.start, span.end);
    writeln!(
        out,
        r#","start_time_unix_nano":{start},"end_time_unix_nano":{end},"service_name":"{service}"}}"#
    )
}

fn object(attributes: &Attributes, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{")?;
    list(attributes, out, |(key, value), out| {
        write!(out, r#""{key}":"#)?;
        plain(value, out)
    })?;
    out.write_all(b"}")
}
