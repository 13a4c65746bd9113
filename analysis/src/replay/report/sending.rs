//! How requests were sent: what a replay adds to a report.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Quantiles, Report};

/// How the requests of a replay were sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sending {
    /// Requests that were sent, or could not be for want of a connection.
    pub requests: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// How many of them went over HTTP/2.
    pub http2: u64,
    /// From the beginning to the last answer.
    pub duration_ns: u64,
    /// Requests that came to no answer, by what failed.
    pub failures: Vec<Failures>,
    /// Recorded exchanges that can't be sent, by reason.
    pub not_sent: Vec<NotSent>,
    /// What became of secrets in requests.
    pub secrets: SecretsSent,
    /// How late requests were sent; none if they had no time to be sent at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness: Option<Lateness>,
    /// Whether it was ended before all was sent.
    pub cut_short: bool,
}

/// Requests that came to no answer for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failures {
    /// What failed, in the words of a flow's `error.kind`.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The first one, in words.
    pub first: String,
}

/// Recorded exchanges that can't be sent for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotSent {
    /// Why: `tunnel`, `websocket`, `no_request`, `partial_body`, `lossy_body`, `unsendable`.
    pub reason: &'static str,
    /// How many.
    pub count: u64,
    /// The numbers of the first of them.
    pub sequences: Vec<u64>,
}

/// Recorded requests with secrets, by what became of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretsSent {
    /// They were put back.
    pub put_back: u64,
    /// They were known, but not for the target.
    pub held_back: u64,
    /// They were not known: their tokens were sent.
    pub unknown: u64,
}

/// How late requests were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lateness {
    /// From when a request was due to when it was sent.
    pub by: Quantiles,
    /// More than a millisecond late for want of the answer to the one before it, in its connection or session.
    pub late_for_order: u64,
    /// More than a millisecond late for want of a connection.
    pub late_for_connection: u64,
    /// More than a millisecond late since this machine was too slow.
    pub late_for_machine: u64,
}

impl Report {
    /// Adds how the requests were sent.
    pub fn set_sending(&mut self, sending: Sending) {
        self.sending = Some(sending);
    }
}
