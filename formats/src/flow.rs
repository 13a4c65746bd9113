//! One exchange a line: `flows.jsonl`.
//!
//! A flow is written after sanitizing: its URL, headers and bodies are safe to share, as far as the rules go.

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
    /// When the steps of the exchange were done.
    #[serde(default)]
    pub timings: Timings,
    /// Why the exchange failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FlowError>,
    /// What was replaced, by kind and place.
    #[serde(default)]
    pub redactions: Vec<Redaction>,
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Body {
    /// How many bytes passed.
    pub size: u64,
    /// How many of these were kept, from the first on.
    pub captured_size: u64,
    /// What was kept, if it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utf8: Option<String>,
    /// What was kept, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// SHA-256 in hexadecimal of what is stored here, after sanitizing; none where nothing is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether the body came to its end; not so if one of the two sides went away.
    pub complete: bool,
}

/// The bytes of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tunnel {
    /// From the client to the upstream.
    pub bytes_sent: u64,
    /// From the upstream to the client.
    pub bytes_received: u64,
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
    pub kind: String,
    /// Where it stood, for example `request.headers.authorization`; never what it was.
    pub place: String,
}
