//! What comes in from a plugin, and what it is answered: the words of the netgate, whatever carries them.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Version};

use super::policy::{Denied, Reach};
use crate::{sanitize::Secrets, telemetry::TraceContext};

/// The parts of a request's body as they come; an error says why there will be no more.
pub(crate) type Parts = Pin<Box<dyn Stream<Item = Result<Bytes, String>> + Send>>;

/// Who wants to send something.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) plugin: String,
    /// None if it may send nothing.
    pub(crate) reach: Option<Reach>,
    /// The span to which the request belongs.
    pub(crate) parent: Option<TraceContext>,
    /// Those of the flow at hand: what the plugin says of them stays with it.
    pub(crate) secrets: Secrets,
}

/// What it wants to send.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    /// The flow that it is about, if it is one that the plugin was shown.
    pub(crate) flow_id: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_response_bytes: Option<u64>,
    pub(crate) keep_redirects: bool,
}

/// One message of an answer. The last is an end, and there is always one.
#[derive(Debug)]
pub(crate) enum Answer {
    Head { status: u16, version: Version, headers: HeaderMap, url: String },
    Body(Bytes),
    End(Box<End>),
}

/// How it ended, and what it took.
#[derive(Debug)]
pub(crate) struct End {
    /// The response's trailers, if it was whole.
    pub(crate) outcome: Result<HeaderMap, Fault>,
    pub(crate) tally: Tally,
}

/// What a fetch took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Requests that were sent.
    pub(crate) attempts: u32,
    /// Redirects that were followed.
    pub(crate) redirects: u32,
    /// Waiting for the rate limits.
    pub(crate) limited: Duration,
    /// Waiting before sending again.
    pub(crate) backoff: Duration,
}

/// Why there is no whole response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Denied(#[from] Denied),
    #[error("{1}")]
    Failed(Failure, String),
}

/// What failed: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Resolve,
    Connect,
    Tls,
    Timeout,
    Closed,
    Invalid,
    TooLarge,
    Redirect,
    RateLimited,
    Request,
    Stopped,
}

impl Failure {
    fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Redirect => "redirect",
            Self::RateLimited => "rate_limited",
            Self::Request => "request",
            Self::Stopped => "stopped",
        }
    }
}

impl Fault {
    pub(crate) fn failed(failure: Failure, message: impl Into<String>) -> Self {
        Self::Failed(failure, message.into())
    }

    /// As the span has it in `error.type`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Failed(failure, _) => failure.as_str(),
        }
    }
}
