//! OTLP/JSON lines, as the OpenTelemetry Collector's file exporter writes what SDKs send it: a line holds up to
//! as many spans of one resource as an SDK's batch.

use std::io::{self, Write};

use super::{list, plain};
use crate::{
    attributes::{Attributes, Value},
    shop::{Kind, SERVICES},
    trace::{MESSAGE, Span},
};

/// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` where nobody has set it.
const BATCH: usize = 512;

pub(crate) fn write(spans: impl Iterator<Item = Span>, out: &mut impl Write) -> io::Result<()> {
    let mut batches = SERVICES.map(|_| Vec::with_capacity(BATCH));
    for span in spans {
        let service = span.operation.service;
        batches[service].push(span);
        if batches[service].len() == BATCH {
            line(service, &batches[service], out)?;
            batches[service].clear();
        }
    }
    for (service, batch) in batches.iter().enumerate().filter(|(_, batch)| !batch.is_empty()) {
        line(service, batch, out)?;
    }
    Ok(())
}

fn line(service: usize, spans: &[Span], out: &mut impl Write) -> io::Result<()> {
    out.write_all(br#"{"resourceSpans":[{"resource":{"attributes":"#)?;
    let service = SERVICES[service];
    let resource = vec![
        ("service.name", Value::Name(service)),
        ("telemetry.sdk.language", Value::Name("go")),
        ("host.name", Value::Text(format!("{service}-7d9c5b6f4-x2x5q"))),
    ];
    pairs(&resource, out)?;
    out.write_all(
        br#"},"scopeSpans":[{"scope":{"name":"shop/instrumentation","version":"0.58.0"},"spans":["#,
    )?;
    list(spans, out, one)?;
    out.write_all(b"]}]}]}\n")
}

fn one(span: &Span, out: &mut impl Write) -> io::Result<()> {
    let (high, low) = span.trace_id;
    write!(out, r#"{{"traceId":"{high:016x}{low:016x}","spanId":"{:016x}","parentSpanId":""#, span.id)?;
    if let Some(parent) = span.parent {
        write!(out, "{parent:016x}")?;
    }
    let kind = match span.operation.kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    };
    let (name, start, end) = (span.operation.name, span.start, span.end);
    write!(
        out,
        r#"","flags":257,"name":"{name}","kind":{kind},"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","attributes":"#
    )?;
    pairs(&span.attributes(), out)?;
    if let Some(event) = span.event() {
        let (name, time) = (event.name, event.time);
        write!(out, r#","events":[{{"timeUnixNano":"{time}","name":"{name}","attributes":"#)?;
        pairs(&event.attributes, out)?;
        out.write_all(b"}]")?;
    }
    match span.operation.kind {
        _ if span.failed => write!(out, r#","status":{{"message":"{MESSAGE}","code":2}}}}"#),
        Kind::Server | Kind::Client => out.write_all(br#","status":{"code":1}}"#),
        _ => out.write_all(br#","status":{}}"#),
    }
}

fn pairs(attributes: &Attributes, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    list(attributes, out, |(key, value), out| {
        write!(out, r#"{{"key":"{key}","value":{{"#)?;
        match value {
            // 64-bit integers are text there.
            Value::Whole(number) => write!(out, r#""intValue":"{number}""#)?,
            Value::Name(_) | Value::Text(_) => typed("stringValue", value, out)?,
            Value::Ratio(_) => typed("doubleValue", value, out)?,
            Value::Flag(_) => typed("boolValue", value, out)?,
        }
        out.write_all(b"}}")
    })?;
    out.write_all(b"]")
}

fn typed(kind: &str, value: &Value, out: &mut impl Write) -> io::Result<()> {
    write!(out, r#""{kind}":"#)?;
    plain(value, out)
}
