//! One exchange a line: `flows.jsonl`.
//!
//! A flow is written after sanitizing: its URL, headers and bodies are safe to share, as far as the rules go.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{SpanId, TraceId, UnixNanos};

/// The sanitised record of one exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// The version of the format, [`crate::FORMAT_VERSION`].
    pub format: u32,
    /// A ULID: unique, and in the order of time.
    pub id: String,
    /// Counts the exchanges of one run from 1, in the order in which their requests came.
    pub sequence: u64,
    /// The trace of the exchange; it has one whether or not its spans are sampled.
    pub trace_id: TraceId,
    /// The span `proxy.capture_flow` of that trace.
    pub span_id: SpanId,
    /// Whether the spans of the trace were recorded.
    pub sampled: bool,
    /// When the request's head had come in.
    pub start_time_unix_nano: UnixNanos,
    /// When the last byte had gone out, or the exchange had failed.
    pub end_time_unix_nano: UnixNanos,
    /// What passed: an exchange that was looked at, or bytes that were only counted.
    pub kind: FlowKind,
    /// The client's address and port.
    pub client: String,
    /// What the client asked for.
    pub request: Request,
    /// What it was answered; none if it came to no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// The bytes of a tunnel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<Tunnel>,
    /// What passed after the connection had been switched to WebSocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocket>,
    /// When the steps of the exchange were done.
    #[serde(default)]
    pub timings: Timings,
    /// Why the exchange failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FlowError>,
    /// What was replaced, by kind and place.
    #[serde(default)]
    pub redactions: Vec<Redaction>,
    /// Whether the operator's policy has switched redaction off for it: secrets stand in it as they passed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unredacted: bool,
}

/// How much of an exchange was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlowKind {
    /// A request and its response.
    Http,
    /// A blind tunnel, asked for with CONNECT.
    Tunnel,
}

/// A request as the client sent it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The method, for example `GET`.
    pub method: String,
    /// The absolute URL; for a tunnel `host:port`.
    pub url: String,
    /// `http`, `https`, or for a tunnel nothing.
    pub scheme: String,
    /// The host, without the port.
    pub host: String,
    /// The port, the scheme's own if the URL names none.
    pub port: u16,
    /// The protocol, for example `HTTP/1.1`.
    pub version: String,
    /// Names and values in the order of the message. Bytes that are no UTF-8 are read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Trailers, as headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Vec<(String, String)>,
}

/// A response as the client got it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The protocol of the upstream, for example `HTTP/1.1`.
    pub version: String,
    /// Names and values in the order of the message. Bytes that are no UTF-8 are read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Trailers, as headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Vec<(String, String)>,
}

/// What passed of a body, and what was kept of it.
///
/// What is stored is the content: content codings are undone, and text is Unicode. The headers of the message are
/// stored so that they fit it: `Content-Encoding` is gone, `Content-Length` counts the stored bytes, and the charset is
/// UTF-8. [`Body::content_encoding`] and [`Body::charset`] say what it was before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Body {
    /// How many bytes passed.
    pub size: u64,
    /// How many of these were kept, from the first on. For a body that is stored by its digest: how many of them the
    /// digest is of.
    pub captured_size: u64,
    /// The content that was kept, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utf8: Option<String>,
    /// The content that was kept, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// SHA-256 in hexadecimal of what is stored here, after sanitizing; none where nothing is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of a body that is no text and is not stored: `glyph-hmac-sha256-` and 32 hexadecimal digits of HMAC-SHA-256 with
    /// the key of the recording. Equal bodies of one recording have equal ones; it tells nothing to whom lacks the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether the body came to its end; not so if one of the two sides went away.
    pub complete: bool,
    /// Whether less than the content of what was kept is stored, because it is larger than a content may be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// Whether something in it was replaced.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redacted: bool,
    /// The content codings that were undone, in the order in which they had been applied, for example `gzip`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_encoding: Vec<String>,
    /// The charset in which the text passed, where that was not UTF-8, for example `windows-1252`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
}

impl Body {
    /// Whether less is stored than there was: it was cut at a limit, is stored by its digest, or did not come to its
    /// end.
    pub fn is_partial(&self) -> bool {
        self.truncated || self.captured_size < self.size || self.digest.is_some() || !self.complete
    }
}

/// The bytes of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tunnel {
    /// From the client to the upstream.
    pub bytes_sent: u64,
    /// From the upstream to the client.
    pub bytes_received: u64,
}

/// What passed over a WebSocket (RFC 6455): it is counted, not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WebSocket {
    /// From the client to the upstream.
    pub sent: Frames,
    /// From the upstream to the client.
    pub received: Frames,
}

/// One direction of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Frames {
    /// Frames, of every kind.
    pub frames: u64,
    /// Messages that came to their end; each is of one data frame or more.
    pub messages: u64,
    /// Bytes on the wire, with the frames' headers.
    pub bytes: u64,
    /// The code with which this side closed it, for example 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<u16>,
    /// What the protocol does not allow, and passed all the same; from there on only bytes were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Nanoseconds from the start of the exchange to the end of each step; a step that did not happen is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// The upstream's name was resolved (only where a connection was made).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_ns: Option<u64>,
    /// The upstream was connected (only where a connection was made).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_ns: Option<u64>,
    /// TLS was established with the upstream (only where a connection was made).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secured_ns: Option<u64>,
    /// The request's last byte had been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_sent_ns: Option<u64>,
    /// The response's head had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ns: Option<u64>,
    /// The response's last byte had gone out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_sent_ns: Option<u64>,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowError {
    /// What failed, from a closed set, for example `connect_refused`.
    pub kind: String,
    /// Whose fault it was.
    pub origin: ErrorOrigin,
    /// The cause in words.
    pub message: String,
}

/// Whose fault an error was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorOrigin {
    /// The client's.
    Client,
    /// The upstream's.
    Upstream,
    /// Glyph's own.
    Glyph,
}

/// One value that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redaction {
    /// What kind of secret it was, from a closed set, for example `header`.
    pub kind: Cow<'static, str>,
    /// Where it stood, for example `request.headers.authorization` or `response.body/user/password`; never what it was.
    pub place: String,
    /// How many values of that kind were replaced there.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn one() -> u64 {
    1
}

fn is_one(count: &u64) -> bool {
    *count == 1
}
