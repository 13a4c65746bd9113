//! Everything of a flow, for people: `>` is what went up, `<` what came back.

use std::io::{self, Write};

use glyph_analysis::text::{counted, duration, visible};
use glyph_formats::{
    Flow,
    flow::{ErrorOrigin, FlowKind, Frames},
};

use super::{body, steps};

/// How flows are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// The recording, as one word of a shell's command.
    pub(crate) recording: &'a str,
    /// Whether bodies are as they are stored.
    pub(crate) raw: bool,
}

/// Writes it.
pub(crate) fn write(flow: &Flow, view: View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let took = duration(flow.end_time_unix_nano.since(flow.start_time_unix_nano));
    let say = |out: &mut dyn Write, text: String| writeln!(out, "{}", visible(&text));
    say(out, format!("flow {}  {}  {}  {took}", flow.sequence, flow.id, flow.start_time_unix_nano))?;
    say(out, format!("client {}", flow.client))?;
    let spans = match flow.sampled {
        true => format!("glyphctl trace show {} {}", view.recording, flow.trace_id),
        false => "its spans were not recorded".to_owned(),
    };
    say(out, format!("trace {}  {spans}", flow.trace_id))?;
    if flow.unredacted {
        writeln!(out, "unredacted: secrets stand in it as they passed")?;
    }
    writeln!(out)?;
    let request = &flow.request;
    say(out, format!("> {} {} {}", request.method, request.url, request.version))?;
    message(
        ">",
        &request.headers,
        &body::lines(&request.body, &request.headers, view.raw),
        &request.trailers,
        out,
    )?;
    if let Some(response) = &flow.response {
        say(out, format!("< {} {}", response.version, response.status))?;
        let lines = body::lines(&response.body, &response.headers, view.raw);
        message("<", &response.headers, &lines, &response.trailers, out)?;
    }
    if let Some(tunnel) = &flow.tunnel {
        let (sent, received) = (counted(tunnel.bytes_sent, "byte"), counted(tunnel.bytes_received, "byte"));
        writeln!(out, "tunnel: {sent} sent, {received} received\n")?;
    }
    if let Some(websocket) = &flow.websocket {
        let counts = |side: &Frames| {
            let (messages, frames) = (counted(side.messages, "message"), counted(side.frames, "frame"));
            let close = side.close_code.map(|code| format!(", closed with {code}")).unwrap_or_default();
            let fault = side.fault.as_deref().map(|fault| format!("; {fault}")).unwrap_or_default();
            format!("{messages} in {frames} ({}){close}{fault}", counted(side.bytes, "byte"))
        };
        say(out, format!("WebSocket: sent {}", counts(&websocket.sent)))?;
        say(out, format!("WebSocket: received {}\n", counts(&websocket.received)))?;
    }
    if let Some(error) = &flow.error {
        let origin = match error.origin {
            ErrorOrigin::Client => "the client's fault",
            ErrorOrigin::Upstream => "the upstream's fault",
            ErrorOrigin::Glyph => "Glyph's own fault",
        };
        say(out, format!("error: {} ({origin}): {}", error.kind, error.message))?;
        writeln!(out)?;
    }
    if flow.kind == FlowKind::Http {
        writeln!(out, "timings")?;
        for line in steps::lines(flow) {
            writeln!(out, "  {line}")?;
        }
    }
    if !flow.redactions.is_empty() {
        writeln!(out, "\nreplaced")?;
        for redaction in &flow.redactions {
            let times =
                if redaction.count == 1 { String::new() } else { format!("  {} times", redaction.count) };
            say(out, format!("  {}  {}{times}", redaction.kind, redaction.place))?;
        }
    }
    Ok(())
}

fn message(
    mark: &str,
    headers: &[(String, String)],
    body: &[String],
    trailers: &[(String, String)],
    out: &mut dyn Write,
) -> io::Result<()> {
    for (name, value) in headers {
        writeln!(out, "{mark} {}: {}", visible(name), visible(value))?;
    }
    if !body.is_empty() {
        writeln!(out, "{mark}")?;
    }
    for line in body {
        writeln!(out, "  {line}")?;
    }
    for (name, value) in trailers {
        writeln!(out, "{mark} {}: {}", visible(name), visible(value))?;
    }
    writeln!(out)
}
