//! Why an exchange failed: one table from causes to what the client, the flow and the span are told.

use std::{error::Error, io};

use bytes::Bytes;
use glyph_formats::flow::{ErrorOrigin, FlowError};
use http::{Response, StatusCode, header};
use hyper_util::client::legacy;

use super::upstream::ConnectError;

/// A cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    BadTarget(&'static str),
    #[error("can't resolve {host}: {cause}")]
    Resolve { host: String, cause: String },
    #[error("can't connect to {address}: {cause}")]
    Connect { address: String, cause: String },
    #[error("{address} refused the connection")]
    ConnectRefused { address: String },
    #[error("connecting to {address} took longer than {seconds} s")]
    ConnectTimeout { address: String, seconds: u64 },
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
    /// The cause of what hyper's client reports.
    pub(super) fn of_client(error: &legacy::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(cause) = source {
            if let Some(connect) = cause.downcast_ref::<ConnectError>() {
                return connect.into();
            }
            if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
                return Self::of_hyper(hyper);
            }
            source = cause.source();
        }
        Self::UpstreamClosed(error.to_string())
    }

    /// The cause of what hyper reports of the upstream's connection.
    pub(super) fn of_hyper(error: &hyper::Error) -> Self {
        let cause = chain(error);
        if error.is_user() || error.is_body_write_aborted() {
            Self::RequestBroken(cause)
        } else if error.is_parse() || is_bad_framing(error) {
            Self::UpstreamInvalid(cause)
        } else {
            Self::UpstreamClosed(cause)
        }
    }

    /// The cause of what hyper reports of a body that the client sends.
    pub(super) fn of_request_body(error: &hyper::Error) -> Self {
        Self::RequestBroken(chain(error))
    }

    /// The kind, from a closed set.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::BadTarget(_) => "bad_target",
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
            Self::BadTarget(_) | Self::RequestBroken(_) | Self::ClientGone => ErrorOrigin::Client,
            Self::Stopped => ErrorOrigin::Glyph,
            _ => ErrorOrigin::Upstream,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadTarget(_) | Self::RequestBroken(_) | Self::ClientGone => StatusCode::BAD_REQUEST,
            Self::ConnectTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
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
        response
    }
}

impl From<&ConnectError> for Failure {
    fn from(error: &ConnectError) -> Self {
        let address = error.address();
        match error {
            ConnectError::Resolve { host, source, .. } => {
                Self::Resolve { host: host.clone(), cause: source.to_string() }
            }
            ConnectError::TimedOut { limit, .. } => {
                Self::ConnectTimeout { address, seconds: limit.as_secs() }
            }
            ConnectError::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => {
                Self::ConnectRefused { address }
            }
            ConnectError::Connect { source, .. } => Self::Connect { address, cause: source.to_string() },
        }
    }
}

/// Whether a body came in chunks that are none.
fn is_bad_framing(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|e| matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
