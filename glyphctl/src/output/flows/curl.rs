//! A flow as a command that sends its request again.
//!
//! In: a flow. Out: a `curl` command, with what can't be as it was in comments above it. A recording may be hostile: what
//! curl would take for a file's name, an option or a second header never gets there.

use std::io::{self, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use glyph_analysis::text::{is_hidden, visible};
use glyph_formats::{
    Flow, content,
    flow::{Body, FlowKind, Request},
};

use super::shell::quoted;

/// Longer bodies go through a pipe: a command's word may not be longer than 128 KiB.
const LONGEST_WORD: usize = 32 << 10;

/// Headers that curl makes itself, or that were for the proxy.
const NOT_SENT: [&str; 4] = ["content-length", "proxy-connection", "proxy-authorization", "host"];

/// Writes it.
pub(super) fn write(flow: &Flow, out: &mut dyn Write) -> io::Result<()> {
    let outcome = match (&flow.response, &flow.error) {
        (_, Some(error)) => error.kind.clone(),
        (Some(response), None) => response.status.to_string(),
        (None, None) => "no answer".to_owned(),
    };
    let head = format!("{}  {}  {}  {outcome}", flow.sequence, flow.id, flow.start_time_unix_nano);
    writeln!(out, "# {}", visible(&head))?;
    if let Err(why) = may_be_sent(flow) {
        return writeln!(out, "# {}", visible(&why));
    }
    for remark in remarks(flow) {
        writeln!(out, "# {}", visible(&remark))?;
    }
    let data = Data::of(&flow.request.body);
    let mut lines =
        vec![format!("curl{} {}", options(&flow.request, &data), quoted(&url(&flow.request.url)))];
    lines.extend(headers(&flow.request, &data).iter().map(|header| format!("--header {}", quoted(header))));
    let before = match &data {
        Data::None => String::new(),
        Data::Word(text) => {
            lines.push(format!("--data-raw {}", quoted(text)).replacen("raw", flag(text), 1));
            String::new()
        }
        Data::Text(text) => format!("printf %s {} | ", quoted(text)),
        Data::Bytes(base64) => format!("printf %s {} | base64 -d | ", quoted(base64)),
    };
    if !before.is_empty() {
        lines.push("--data-binary @-".to_owned());
    }
    writeln!(out, "{before}{}", lines.join(" \\\n  "))
}

/// Only `--data-raw` takes an `@` for what it is.
fn flag(text: &str) -> &'static str {
    if text.starts_with('@') { "raw" } else { "binary" }
}

/// The body, and how it gets to curl.
enum Data {
    None,
    Word(String),
    Text(String),
    Bytes(String),
}

impl Data {
    fn of(body: &Body) -> Self {
        match content::stored(body) {
            None => Self::None,
            Some(bytes) => match content::text(&bytes).filter(|text| text.len() == bytes.len()) {
                Some("") => Self::None,
                Some(text) if text.len() > LONGEST_WORD => Self::Text(text.to_owned()),
                Some(text) => Self::Word(text.to_owned()),
                None => Self::Bytes(BASE64_STANDARD.encode(&bytes)),
            },
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Whether there is a command for it at all.
fn may_be_sent(flow: &Flow) -> Result<(), String> {
    let Request { method, url, host, port, .. } = &flow.request;
    if flow.kind == FlowKind::Tunnel {
        return Err(format!("a tunnel to {host}:{port}; what passed in it was not recorded"));
    }
    if !is_token(method) {
        return Err(format!("its method is none: {method}"));
    }
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
        true => Ok(()),
        false => Err(format!("its URL is none of HTTP: {url}")),
    }
}

/// What will not be as it was.
fn remarks(flow: &Flow) -> Vec<String> {
    let Request { headers, trailers, body, .. } = &flow.request;
    let replaced = flow.redactions.iter().filter(|redaction| redaction.place.starts_with("request."));
    let mut remarks: Vec<_> =
        replaced.map(|r| format!("replaced when it was recorded: {} ({})", r.place, r.kind)).collect();
    if let Some(digest) = &body.digest {
        remarks.push(format!("the body is not in the recording: {} bytes, {digest}", body.size));
    } else if body.captured_size < body.size {
        remarks.push(format!("the body was cut: {} of {} bytes", body.captured_size, body.size));
    } else if body.truncated || !body.complete {
        remarks.push("the body is not all there".to_owned());
    }
    if !body.content_encoding.is_empty() {
        remarks
            .push(format!("the body was sent as {}; this is its content", body.content_encoding.join(", ")));
    }
    if let Some(charset) = &body.charset {
        remarks.push(format!("the body was sent in {charset}; this is UTF-8"));
    }
    if !trailers.is_empty() {
        remarks.push("it had trailers, which curl can't send".to_owned());
    }
    let unsent = headers.iter().filter(|(name, value)| !can_be_sent(name, value));
    remarks.extend(unsent.map(|(name, value)| format!("left out, since it is no header: {name}: {value}")));
    remarks
}

fn options(request: &Request, data: &Data) -> String {
    let mut options = String::new();
    let method = match (request.method.as_str(), data.is_none()) {
        ("GET", true) | ("POST", false) => String::new(),
        ("HEAD", true) => " --head".to_owned(),
        // A plain word, as was seen to.
        (method, _) => format!(" --request {}", quoted(method)),
    };
    options.push_str(&method);
    if request.version == "HTTP/1.0" {
        options.push_str(" --http1.0");
    }
    if request.url.contains(['[', ']', '{', '}']) {
        options.push_str(" --globoff");
    }
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    if path.contains("/./") || path.contains("/../") || path.ends_with("/.") || path.ends_with("/..") {
        options.push_str(" --path-as-is");
    }
    let asked = values(request, "accept-encoding").flat_map(|value| value.split(','));
    let codings: Vec<_> = asked.map(|coding| coding.split(';').next().unwrap_or_default().trim()).collect();
    let is_known = |coding: &&str| {
        ["gzip", "deflate", "br", "zstd", "identity"].iter().any(|known| coding.eq_ignore_ascii_case(known))
    };
    if codings.iter().all(is_known) && codings.iter().any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        options.push_str(" --compressed");
    }
    options
}

/// What to send, line by line, and what not to send though curl would.
fn headers(request: &Request, data: &Data) -> Vec<String> {
    let authority = request.url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        let is_other_host = name.eq_ignore_ascii_case("host") && value != authority;
        let is_sent = is_other_host || !NOT_SENT.iter().any(|other| name.eq_ignore_ascii_case(other));
        if is_sent && can_be_sent(name, value) {
            headers.push(if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") });
        }
    }
    let length = match data {
        Data::None => 0,
        Data::Word(text) | Data::Text(text) | Data::Bytes(text) => text.len(),
    };
    let of_curl = [
        ("User-Agent", true),
        ("Accept", true),
        ("Content-Type", !data.is_none()),
        ("Expect", length > LONGEST_WORD),
    ];
    for (name, would_be_sent) in of_curl {
        if would_be_sent && values(request, name).next().is_none() {
            headers.push(format!("{name}:"));
        }
    }
    if data.is_none() && values(request, "content-length").any(|length| length == "0") {
        headers.push("Content-Length: 0".to_owned());
    }
    headers
}

fn values<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = &'a str> {
    request.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

/// Without what no URL has.
fn url(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for c in url.chars() {
        if c == ' ' || is_hidden(c) {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| encoded.push_str(&format!("%{b:02X}")));
        } else {
            encoded.push(c);
        }
    }
    encoded
}

fn can_be_sent(name: &str, value: &str) -> bool {
    is_token(name) && !value.contains(['\r', '\n', '\0'])
}

/// Whether it is a token as RFC 9110 has it.
fn is_token(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_part)
}
