//! Why an exchange failed: one table from causes to what the client, the flow and the span are told.

use std::{error::Error, io};

use bytes::Bytes;
use glyph_formats::flow::{ErrorOrigin, FlowError};
use http::{Response, StatusCode, header};

use super::options::Limits;
use crate::causes::{chain, of_http2};

/// A cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    BadTarget(&'static str),
    #[error("the request is no HTTP: {0}")]
    RequestInvalid(String),
    #[error("the request's head is longer than {0} bytes")]
    HeadTooLarge(usize),
    #[error("the request's head was not there after {0} s")]
    HeadTimeout(u64),
    #[error("this proxy wants to know who you are (Proxy-Authorization)")]
    ProxyAuth,
    #[error("{0}")]
    Loop(String),
    #[error("{0}")]
    ClientTls(String),
    #[error("can't resolve {host}: {cause}")]
    Resolve { host: String, cause: String },
    #[error("can't connect to {address}: {cause}")]
    Connect { address: String, cause: String },
    #[error("{address} refused the connection")]
    ConnectRefused { address: String },
    #[error("connecting to {address} took longer than {seconds} s")]
    ConnectTimeout { address: String, seconds: u64 },
    #[error("no TLS with {address}: {cause}")]
    UpstreamTls { address: String, cause: String },
    #[error("the upstream proxy gave no connection to {address}: {cause}")]
    UpstreamProxy { address: String, cause: String },
    #[error("the upstream did not begin to answer within {0} s")]
    UpstreamTimeout(u64),
    #[error("the connection to the upstream stood still: {0}")]
    UpstreamStalled(String),
    #[error("the client's connection stood still: {0}")]
    ClientStalled(String),
    #[error("the upstream closed the connection: {0}")]
    UpstreamClosed(String),
    #[error("the upstream did not speak HTTP: {0}")]
    UpstreamInvalid(String),
    #[error("the client's request broke off: {0}")]
    RequestBroken(String),
    #[error("the tunnel broke: {0}")]
    TunnelBroken(String),
    #[error("the client went away before it had the whole response")]
    ClientGone,
    #[error("glyphd was stopped")]
    Stopped,
}

impl Failure {
    /// The cause of what hyper reports of the upstream's connection.
    pub(super) fn of_hyper(error: &hyper::Error) -> Self {
        let cause = chain(error);
        if is_stalled(error) {
            Self::UpstreamStalled(cause)
        } else if error.is_user() || error.is_body_write_aborted() {
            Self::RequestBroken(cause)
        } else if error.is_parse() || is_bad_framing(error) || breaks_http2(error) {
            Self::UpstreamInvalid(cause)
        } else {
            Self::UpstreamClosed(cause)
        }
    }

    /// The cause of what hyper reports of a body that the client sends.
    pub(super) fn of_request_body(error: &hyper::Error) -> Self {
        match is_stalled(error) {
            true => Self::ClientStalled(chain(error)),
            false => Self::RequestBroken(chain(error)),
        }
    }

    /// The cause of what hyper reports of a client's connection on which no request has come of what was sent. None if
    /// it is nobody's fault. `in_head`: whether part of a head has come.
    pub(super) fn of_server(error: &hyper::Error, limits: &Limits, in_head: bool) -> Option<Self> {
        if error.is_parse_too_large() {
            Some(Self::HeadTooLarge(limits.header_bytes))
        } else if error.is_parse() || breaks_http2(error) {
            Some(Self::RequestInvalid(chain(error)))
        } else if in_head && is_stalled(error) {
            Some(Self::HeadTimeout(limits.header_timeout.as_secs()))
        } else {
            None
        }
    }

    /// The cause of a broken tunnel.
    pub(super) fn of_tunnel(error: &io::Error) -> Self {
        Self::TunnelBroken(error.to_string())
    }

    /// The kind, from a closed set.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::BadTarget(_) => "bad_target",
            Self::RequestInvalid(_) => "request_invalid",
            Self::HeadTooLarge(_) => "head_too_large",
            Self::HeadTimeout(_) => "head_timeout",
            Self::ProxyAuth => "proxy_auth",
            Self::Loop(_) => "loop",
            Self::ClientTls(_) => "client_tls",
            Self::ClientStalled(_) => "client_stalled",
            Self::UpstreamTls { .. } => "upstream_tls",
            Self::UpstreamProxy { .. } => "upstream_proxy",
            Self::UpstreamTimeout(_) => "upstream_timeout",
            Self::UpstreamStalled(_) => "upstream_stalled",
            Self::Resolve { .. } => "resolve",
            Self::Connect { .. } => "connect",
            Self::ConnectRefused { .. } => "connect_refused",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::UpstreamClosed(_) => "upstream_closed",
            Self::UpstreamInvalid(_) => "upstream_invalid",
            Self::RequestBroken(_) => "request_broken",
            Self::TunnelBroken(_) => "tunnel_broken",
            Self::ClientGone => "client_gone",
            Self::Stopped => "stopped",
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            Self::BadTarget(_)
            | Self::RequestInvalid(_)
            | Self::HeadTooLarge(_)
            | Self::HeadTimeout(_)
            | Self::ProxyAuth
            | Self::Loop(_)
            | Self::ClientTls(_)
            | Self::ClientStalled(_)
            | Self::RequestBroken(_)
            | Self::ClientGone => ErrorOrigin::Client,
            Self::Stopped => ErrorOrigin::Glyph,
            _ => ErrorOrigin::Upstream,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadTarget(_)
            | Self::RequestInvalid(_)
            | Self::RequestBroken(_)
            | Self::ClientTls(_)
            | Self::ClientGone => StatusCode::BAD_REQUEST,
            Self::HeadTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::HeadTimeout(_) | Self::ClientStalled(_) => StatusCode::REQUEST_TIMEOUT,
            Self::ProxyAuth => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            Self::Loop(_) => StatusCode::LOOP_DETECTED,
            Self::ConnectTimeout { .. } | Self::UpstreamTimeout(_) | Self::UpstreamStalled(_) => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_GATEWAY,
        }
    }

    /// What the flow says.
    pub(super) fn for_flow(&self) -> FlowError {
        FlowError { kind: self.kind().to_owned(), origin: self.origin(), message: self.to_string() }
    }

    /// What the client is told.
    pub(super) fn answer(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(format!("glyphd: {self}\n")));
        *response.status_mut() = self.status();
        let text = header::HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        // What comes behind it may be another request for the next than for us.
        if matches!(self, Self::RequestInvalid(_)) {
            response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        }
        if *self == Self::ProxyAuth {
            let challenge = header::HeaderValue::from_static("Basic realm=\"glyphd\"");
            response.headers_mut().insert(header::PROXY_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Whether the connection stood still for too long.
fn is_stalled(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Whether the other side did what HTTP/2 does not allow.
fn breaks_http2(error: &hyper::Error) -> bool {
    of_http2(error).is_some_and(|e| e.is_library() && e.reason() != Some(h2::Reason::NO_ERROR))
}

/// Whether a body came in chunks that are none.
fn is_bad_framing(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|e| matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}
