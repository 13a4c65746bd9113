//! An entry that others wrote, as a flow, with secrets and all. Its ids are made of the entry, so that the same document
//! gives the same flows.

use std::mem;

use sha2::{Digest, Sha256};

use super::{
    super::Target,
    body, failure,
    loose::{self, List, Number, Pair},
};
use crate::{
    FORMAT_VERSION, SpanId, TraceId, UnixNanos,
    flow::{Flow, FlowKind, Frames, Request, Response, Timings, WebSocket},
};

/// Why there is no flow of an entry.
pub(super) const NO_REQUEST: &str = "without a request";

/// The flow of an entry, which is the so-and-so-manieth; or why there is none. `before`: the time of the one before it, for
/// one whose own can't be read, in place of which it is then told.
pub(super) fn flow(
    mut entry: loose::Entry<'_>,
    bytes: &[u8],
    number: u64,
    before: UnixNanos,
) -> Result<(Flow, bool), String> {
    let asked = entry.request.0.take().ok_or(NO_REQUEST)?;
    let target = Target::of(asked.url.text()).ok_or_else(|| no_target(asked.url.text()))?;
    let method = match asked.method.text().trim() {
        "" => return Err(NO_REQUEST.to_owned()),
        // A tunnel; what passed in it stands in entries of its own, if anywhere.
        "CONNECT" => return Err("with CONNECT".to_owned()),
        method => method.to_owned(),
    };
    let start = instant(entry.started_date_time.text());
    let is_timed = start.is_some();
    let start = start.unwrap_or(before);
    let (timings, took) = steps(entry.timings.0.take().unwrap_or_default(), entry.time);
    let is_socket = asked.url.text().trim_start().get(..2).is_some_and(|s| s.eq_ignore_ascii_case("ws"));
    let request = request(asked, method, target);
    let said = [Some(&entry.error), entry.response.0.as_ref().map(|response| &response.error)];
    let said = said.into_iter().flatten().map(loose::Text::text).find(|text| !text.is_empty());
    let said = said.unwrap_or_default().to_owned();
    let response = entry.response.0.take().and_then(response);
    let error = response.is_none().then(|| failure::of(&said));
    let websocket =
        (is_socket || !entry.messages.0.is_empty()).then(|| socket(&mem::take(&mut entry.messages.0)));
    let connection = entry.connection.text();
    let ids = Ids::of(bytes, number, start).ok_or("without an id")?;
    let flow = Flow {
        format: FORMAT_VERSION,
        id: ids.flow,
        sequence: number,
        trace_id: ids.trace,
        span_id: ids.span,
        sampled: false,
        start_time_unix_nano: start,
        end_time_unix_nano: UnixNanos(start.0.saturating_add(took)),
        kind: FlowKind::Http,
        client: if connection.is_empty() { "har".to_owned() } else { format!("har:{connection}") },
        request,
        response,
        tunnel: None,
        websocket,
        timings,
        error,
        redactions: Vec::new(),
        unredacted: true,
    };
    Ok((flow, is_timed))
}

fn no_target(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) if !scheme.is_empty() && scheme.len() < 32 && scheme.is_ascii() => {
            format!("of {}: URLs", scheme.to_ascii_lowercase())
        }
        _ => NO_REQUEST.to_owned(),
    }
}

fn request(mut asked: loose::Request, method: String, target: Target) -> Request {
    let mut headers = headers(&mut asked.headers);
    let cookies = &asked.cookies.0;
    if !cookies.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
        let pairs = cookies.iter().map(|cookie| format!("{}={}", cookie.name.text(), cookie.value.text()));
        headers.push(("Cookie".to_owned(), pairs.collect::<Vec<_>>().join("; ")));
    }
    let body = body::request(asked.post_data.0.as_mut(), asked.body_size.size(), &mut headers);
    Request {
        method,
        url: target.url,
        scheme: target.scheme,
        host: target.host,
        port: target.port,
        version: version(asked.http_version.text()),
        headers,
        body,
        trailers: Vec::new(),
    }
}

/// None if none came: browsers write status 0 then.
fn response(mut answered: loose::Response) -> Option<Response> {
    let status = answered.status.size().and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (100..1_000).contains(status))?;
    let mut headers = headers(&mut answered.headers);
    let body = body::response(answered.content.0.take(), answered.body_size.size(), &mut headers);
    let version = version(answered.http_version.text());
    Some(Response { status, version, headers, body, trailers: Vec::new() })
}

/// Without those that HTTP/2 has in place of a first line. Some write several values of a header into one, a line each.
fn headers(list: &mut List<Pair>) -> Vec<(String, String)> {
    let pairs = mem::take(&mut list.0).into_iter();
    let named = pairs.filter(|pair| !pair.name.text().is_empty() && !pair.name.text().starts_with(':'));
    named
        .flat_map(|pair| {
            let name = pair.name.text().to_owned();
            let value = pair.value.0.unwrap_or_default();
            let lines = value.split('\n').map(|line| line.trim_end_matches('\r').to_owned());
            lines.map(move |line| (name.clone(), line)).collect::<Vec<_>>()
        })
        .collect()
}

/// The protocol as flows call it. Where it is not known it was most likely the one that needs no naming.
fn version(written: &str) -> String {
    let name = written.trim().to_ascii_lowercase();
    let version = match name.strip_prefix("http/").unwrap_or(&name) {
        "2" | "2.0" | "h2" | "h2c" => "HTTP/2",
        "3" | "3.0" => "HTTP/3",
        "1.0" => "HTTP/1.0",
        "0.9" => "HTTP/0.9",
        other if other.starts_with("h3") || other.contains("quic") => "HTTP/3",
        _ => "HTTP/1.1",
    };
    version.to_owned()
}

/// ISO 8601, as loosely as it is written: with a blank for the T, without colon or zone (which is then UTC), with any
/// number of digits.
fn instant(text: &str) -> Option<UnixNanos> {
    let text = text.trim();
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let zone: String = zone.chars().filter(|c| *c != ':').collect();
    let zone = match zone.len() {
        5 => format!("{}:{}", &zone[..3], &zone[3..]),
        3 => format!("{zone}:00"),
        _ => "Z".to_owned(),
    };
    let (seconds, fraction) = time.trim().split_once(['.', ',']).unwrap_or((time.trim(), "0"));
    let seconds = if seconds.len() == 5 { format!("{seconds}:00") } else { seconds.to_owned() };
    let fraction: String = fraction.chars().take(9).collect();
    format!("{date}T{seconds}.{fraction}{zone}").parse().ok()
}

/// When each step was done, and how long all of it took. What is not told is left out.
fn steps(told: loose::Timings, time: Number) -> (Timings, u64) {
    let mut at = told.blocked.known().unwrap_or(0.0);
    let mut step = |ms: Option<f64>| {
        at += ms?;
        Some(nanos(at))
    };
    let secured = told.ssl.known().filter(|ssl| *ssl > 0.0);
    let within = if is_beside(&told, time) { 0.0 } else { secured.unwrap_or(0.0) };
    let connect = told.connect.known().map(|connect| (connect - within).max(0.0));
    let resolved_ns = step(told.dns.known());
    let connected_ns = step(connect);
    let secured_ns = step(secured.filter(|_| connect.is_some()));
    let request_sent_ns = step(told.send.known());
    let first_byte_ns = step(told.wait.known());
    let response_sent_ns = step(told.receive.known());
    let timings =
        Timings { resolved_ns, connected_ns, secured_ns, request_sent_ns, first_byte_ns, response_sent_ns };
    let took = time.known().map(nanos).filter(|took| *took > 0).unwrap_or(0).max(nanos(at));
    (timings, took)
}

/// The handshake is a part of connecting, but Firefox tells it beside that: then all steps together are the whole time.
fn is_beside(told: &loose::Timings, time: Number) -> bool {
    let (Some(time), Some(ssl)) = (time.known(), told.ssl.known()) else { return false };
    let all = [told.blocked, told.dns, told.connect, told.send, told.wait, told.receive];
    let sum: f64 = all.into_iter().filter_map(Number::known).sum();
    (time - sum - ssl).abs() < (time - sum).abs()
}

fn nanos(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}

/// Frames are not told; there was at least one for each message.
fn socket(messages: &[loose::Message]) -> WebSocket {
    let mut socket = WebSocket::default();
    for message in messages {
        let side = match message.kind.text() {
            "send" | "request" => &mut socket.sent,
            _ => &mut socket.received,
        };
        let bytes = message.data.text().len() as u64;
        *side = Frames {
            frames: side.frames + 1,
            messages: side.messages + 1,
            bytes: side.bytes + bytes,
            ..side.clone()
        };
    }
    socket
}

struct Ids {
    flow: String,
    trace: TraceId,
    span: SpanId,
}

impl Ids {
    /// Of the entry, and of its number, since two can be alike.
    fn of(bytes: &[u8], number: u64, start: UnixNanos) -> Option<Self> {
        let digest = Sha256::new().chain_update(number.to_be_bytes()).chain_update(bytes).finalize();
        let number = |range: std::ops::Range<usize>| {
            digest[range].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte))
        };
        let flow = (u128::from(start.0 / 1_000_000) & ((1 << 48) - 1)) << 80 | number(0..10);
        Some(Self {
            flow: ulid(flow),
            trace: TraceId::new(number(8..24))?,
            span: SpanId::new(number(24..32) as u64)?,
        })
    }
}

/// 128 bits in Crockford's base 32.
fn ulid(bits: u128) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..26).rev().map(|place| char::from(DIGITS[(bits >> (5 * place)) as usize & 31])).collect()
}
