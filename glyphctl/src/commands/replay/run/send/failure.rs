//! Why a request came to no answer, in the words in which the daemon tells it of its upstreams.

use std::{error::Error, fmt, io, time::Duration};

use glyph_formats::flow::{ErrorOrigin, FlowError};
use glyphd::causes::chain;

use super::super::answer::Answer;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Resolve,
    Refused,
    Connect,
    ConnectTimeout,
    Tls,
    NoHttp2,
    Timeout,
    Closed,
    Invalid,
    /// What the proxy says that records.
    Recorder,
}

/// Why there was no answer.
#[derive(Debug, Clone)]
pub(in super::super) struct Failure {
    pub(in super::super) kind: Kind,
    message: String,
}

impl Failure {
    pub(in super::super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Of connecting.
    pub(super) fn of_connect(address: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                Self::new(Kind::Refused, format!("{address} refuses connections"))
            }
            _ => Self::new(Kind::Connect, format!("can't connect to {address}: {error}")),
        }
    }

    /// Of a request that was sent.
    pub(super) fn of_http(error: &hyper::Error) -> Self {
        let kind = match error.is_parse() || error.is_parse_status() || error.is_parse_too_large() {
            true => Kind::Invalid,
            false => Kind::Closed,
        };
        Self::new(kind, chain(error))
    }

    /// What the proxy that records says in place of an answer, which it has not got either.
    pub(super) fn of_recorder(answer: &Answer) -> Option<Self> {
        let told = answer.content.strip_prefix(b"glyphd: ").filter(|_| !answer.status.is_success())?;
        Some(Self::new(Kind::Recorder, String::from_utf8_lossy(told).trim_end()))
    }

    /// Of an answer that did not come to its end.
    pub(in super::super) fn broken_off(why: &str) -> Self {
        Self::new(Kind::Closed, format!("the answer broke off: {why}"))
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        Self::new(Kind::Timeout, format!("no whole answer within {} s", limit.as_secs_f64()))
    }

    /// Whether nothing was sent, since there was no connection.
    pub(super) fn is_of_connecting(&self) -> bool {
        matches!(
            self.kind,
            Kind::Resolve | Kind::Refused | Kind::Connect | Kind::ConnectTimeout | Kind::Tls | Kind::NoHttp2
        )
    }

    /// As a flow has it.
    pub(in super::super) fn for_flow(&self) -> FlowError {
        let kind = match self.kind {
            Kind::Resolve => "resolve",
            Kind::Refused => "connect_refused",
            Kind::Connect => "connect",
            Kind::ConnectTimeout => "connect_timeout",
            Kind::Tls => "upstream_tls",
            Kind::Timeout => "upstream_timeout",
            Kind::Closed | Kind::Recorder => "upstream_closed",
            Kind::Invalid | Kind::NoHttp2 => "upstream_invalid",
        };
        FlowError { kind: kind.to_owned(), origin: ErrorOrigin::Upstream, message: self.message.clone() }
    }

    /// What to do about it.
    pub(in super::super) fn hint(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Refused => Some("is the server started? --target names its address and port"),
            Kind::Resolve => Some("is the name right? --target names the server"),
            Kind::Tls => {
                Some("--upstream-ca takes its CA or its own certificate; https:// and http:// are two ports")
            }
            Kind::NoHttp2 => {
                Some("leave --http2 out: what was recorded over HTTP/2 is sent so where that is offered")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}
