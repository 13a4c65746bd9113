//! One raw request and its response, as they passed. It never leaves capture and sanitize.

use std::sync::Arc;

use bytes::Bytes;
use glyph_formats::{
    UnixNanos,
    flow::{FlowError, Timings, Tunnel, WebSocket},
};
use http::{HeaderMap, Method, StatusCode, Version};

use crate::telemetry::{Span, TraceContext};

/// An exchange that has come to its end, good or bad.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) id: String,
    pub(crate) sequence: u64,
    /// The span `proxy.capture_flow`.
    pub(crate) context: TraceContext,
    /// The span `proxy.publish_flow_event`, which ends when the exchange has been dispatched.
    pub(crate) publish: Span,
    /// Its address and port.
    pub(crate) client: Arc<str>,
    pub(crate) start: UnixNanos,
    pub(crate) end: UnixNanos,
    pub(crate) target: Target,
    pub(crate) request: RawRequest,
    pub(crate) response: Option<RawResponse>,
    pub(crate) tunnel: Option<Tunnel>,
    pub(crate) websocket: Option<WebSocket>,
    pub(crate) timings: Timings,
    pub(crate) error: Option<FlowError>,
}

/// Where a request was to go.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// `http` or `https`; empty for a tunnel, and for what could not be understood.
    pub(crate) scheme: &'static str,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A request as it came in.
#[derive(Debug)]
pub(crate) struct RawRequest {
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RawBody,
}

/// A response as it came in.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RawBody,
}

/// What passed of a body, and the first bytes of it.
#[derive(Debug, Default)]
pub(crate) struct RawBody {
    pub(crate) kept: Bytes,
    pub(crate) size: u64,
    pub(crate) complete: bool,
    pub(crate) trailers: Option<Box<HeaderMap>>,
}
