//! HAR 1.2, the HTTP Archive: what browsers and proxies hand over of exchanges.
//!
//! In: flows. Out: entries with what HAR knows of them, and under `_glyph` what it does not, so that nothing is lost. And the
//! other way round: [`Reader`] makes flows of a document, whoever wrote it, entry by entry. The types can be read, too: what
//! the specification has as optional may be missing, and fields of others are passed over. Times are milliseconds with a
//! fraction; sizes and times that are not known are -1.

mod entry;
mod cookies;
mod target;
mod read;

pub use read::{Account, HarError, Imported, Reader, begins};

use serde::{Deserialize, Serialize};

use crate::{
    SpanId, TraceId, UnixNanos,
    flow::{Body, FlowError, Redaction, Timings as Steps, WebSocket},
};

/// The version of the format.
pub const VERSION: &str = "1.2";

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Har {
    /// All that is in it.
    pub log: Log,
}

/// What was recorded, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// The version of the format, [`VERSION`].
    pub version: String,
    /// The program that wrote it.
    pub creator: Creator,
    /// The exchanges.
    pub entries: Vec<Entry>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it began, in ISO 8601.
    pub started_date_time: String,
    /// How long it took: the sum of all timings that are known.
    pub time: f64,
    /// What was asked for.
    pub request: Request,
    /// What was answered. Status 0 stands for no answer.
    pub response: Response,
    /// What a cache did; nothing is known of one.
    #[serde(default)]
    pub cache: Cache,
    /// Where the time went.
    pub timings: Timings,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Why it failed, where browsers put that.
    #[serde(rename = "_error", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What only Glyph knows of it.
    #[serde(rename = "_glyph", default, skip_serializing_if = "Option::is_none")]
    pub glyph: Option<Box<Glyph>>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The method.
    pub method: String,
    /// The absolute URL, without its fragment.
    pub url: String,
    /// The protocol.
    pub http_version: String,
    /// The cookies of the headers.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// The headers in their order.
    pub headers: Vec<Pair>,
    /// What stands behind the URL's question mark, decoded.
    #[serde(default)]
    pub query_string: Vec<Pair>,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_data: Option<PostData>,
    /// The bytes of the head; -1 where not known.
    pub headers_size: i64,
    /// The bytes of the body; -1 where not known.
    pub body_size: i64,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The words after it; a flow has none.
    #[serde(default)]
    pub status_text: String,
    /// The protocol.
    pub http_version: String,
    /// The cookies that were set.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// The headers in their order.
    pub headers: Vec<Pair>,
    /// The body.
    pub content: Content,
    /// The `Location`, or nothing.
    #[serde(rename = "redirectURL", default)]
    pub redirect_url: String,
    /// The bytes of the head; -1 where not known.
    pub headers_size: i64,
    /// The bytes of the body as it passed; -1 where not known.
    pub body_size: i64,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// A cookie.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// For which paths it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// For which hosts it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// When it ends, in ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether scripts can't see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_only: Option<bool>,
    /// Whether it is for TLS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostData {
    /// Its `Content-Type`.
    pub mime_type: String,
    /// The body.
    #[serde(default)]
    pub text: String,
    /// `base64` where the text is that of bytes that are none; HAR has nothing for it.
    #[serde(rename = "_encoding", default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

/// A response's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The bytes of the content, decoded.
    pub size: i64,
    /// How many bytes a coding saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<i64>,
    /// The `Content-Type`.
    pub mime_type: String,
    /// The content, decoded; nothing where none is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `base64` where the text is that of bytes that are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cache {}

/// Where the time went, in milliseconds; -1 where a step did not happen or is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Waiting for a connection.
    #[serde(default = "unknown")]
    pub blocked: f64,
    /// Resolving the name.
    #[serde(default = "unknown")]
    pub dns: f64,
    /// Connecting.
    #[serde(default = "unknown")]
    pub connect: f64,
    /// Sending the request.
    pub send: f64,
    /// Waiting for the response.
    pub wait: f64,
    /// Receiving it.
    pub receive: f64,
    /// The handshake, which is part of connecting.
    #[serde(default = "unknown")]
    pub ssl: f64,
}

/// What a flow has and HAR does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glyph {
    /// The flow's id.
    pub flow_id: String,
    /// Its number in the run.
    pub sequence: u64,
    /// Its trace.
    pub trace_id: TraceId,
    /// The span of that trace.
    pub span_id: SpanId,
    /// Whether the spans of the trace were recorded.
    pub sampled: bool,
    /// When it began.
    pub start_time_unix_nano: UnixNanos,
    /// When it ended.
    pub end_time_unix_nano: UnixNanos,
    /// The client's address and port.
    pub client: String,
    /// When its steps were done.
    #[serde(default)]
    pub timings: Steps,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FlowError>,
    /// What was replaced.
    #[serde(default)]
    pub redactions: Vec<Redaction>,
    /// Whether redaction was switched off for it.
    #[serde(default)]
    pub unredacted: bool,
    /// Where the request went, if its URL does not say just that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What passed over a WebSocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocket>,
    /// The request's trailers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_trailers: Vec<(String, String)>,
    /// The response's trailers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_trailers: Vec<(String, String)>,
    /// The request's body. Its `utf8` or `base64` is empty where its content stands in the entry.
    pub request_body: Body,
    /// The response's body, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_body: Option<Body>,
}

/// Where a request went, as a flow has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The URL, with its fragment.
    pub url: String,
    /// Its scheme.
    pub scheme: String,
    /// The host, without the port.
    pub host: String,
    /// The port.
    pub port: u16,
}

fn unknown() -> f64 {
    -1.0
}

#[cfg(test)]
mod tests;
