//! A plugin's own HTTP requests: they go through the daemon, which sends them if they may be sent.
//!
//! In: a [`Fetch`], from the plugin's thread. Out: what was [`Fetched`], whole, or why not. The thread waits for that; the
//! session goes on meanwhile.

use std::{borrow::Cow, fmt, time::Duration};

use prost::bytes::Bytes;
use tokio::{runtime::Handle, time::timeout};
use tonic::{
    Code, Request, Status,
    metadata::{MetadataValue, errors::InvalidMetadataValue},
    transport::Channel,
};

use crate::{
    SESSION_METADATA, TRACE_METADATA,
    wire::{
        Capability, DenialReason, FailureKind, FetchEnd, FetchHead, FetchRequest, FetchResponse, Header,
        fetch_end, fetch_request, fetch_response, netgate_client::NetgateClient,
    },
};

/// The longest part of a body in one message, in bytes.
const PART: usize = 256 << 10;
/// The longest that the daemon takes, and how much longer it may take to say so.
const LONGEST: Duration = Duration::from_secs(600);
const GRACE: Duration = Duration::from_secs(5);

/// A request that a plugin wants to be sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fetch {
    pub(crate) head: FetchHead,
    body: Bytes,
    pub(crate) traceparent: String,
}

impl Fetch {
    /// A request without a body. With `CAP_HTTP_PASSIVE` the method is GET or HEAD.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let head = FetchHead { method: method.into(), url: url.into(), ..FetchHead::default() };
        Self { head, ..Self::default() }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.head.headers.push(Header { name: name.into(), value: value.into(), redacted: false });
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// It may take so long, with all its waits; the daemon has a limit of its own.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.head.timeout_ms = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1);
        self
    }

    /// The response may have so many bytes; the daemon has a limit of its own.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.head.max_response_bytes = bytes;
        self
    }

    /// A redirect is the response; otherwise it is followed.
    #[must_use]
    pub fn keep_redirects(mut self) -> Self {
        self.head.keep_redirects = true;
        self
    }

    /// In a span of the plugin's own, below [`crate::Report::traceparent`].
    #[must_use]
    pub fn within(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = traceparent.into();
        self
    }

    /// The URL that is asked for.
    pub fn url(&self) -> &str {
        &self.head.url
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.head.method
    }

    fn messages(self) -> impl Iterator<Item = FetchRequest> {
        let body = self.body;
        let parts = (0..body.len()).step_by(PART).map(move |at| body.slice(at..body.len().min(at + PART)));
        let parts = parts.map(fetch_request::Message::Body);
        let all = std::iter::once(fetch_request::Message::Head(self.head)).chain(parts);
        all.map(|message| FetchRequest { message: Some(message) })
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fetched {
    /// For example 200.
    pub status: u16,
    /// The protocol, for example `HTTP/2`.
    pub version: String,
    /// In the order of the message.
    pub headers: Vec<Header>,
    /// All of it.
    pub body: Bytes,
    /// What came after it.
    pub trailers: Vec<Header>,
    /// Where it came from, after redirects.
    pub url: String,
    /// How many requests were sent for it.
    pub attempts: u32,
    /// How long it waited for the rate limits and before it was sent again.
    pub waited: Duration,
}

impl Fetched {
    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        str::from_utf8(&found.value).ok()
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Why there is no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The plugin has neither `CAP_HTTP_PASSIVE` nor `CAP_HTTP_ACTIVE`: nobody was asked.
    #[error("the plugin may not fetch: it was granted neither CAP_HTTP_PASSIVE nor CAP_HTTP_ACTIVE")]
    NotGranted,
    /// The daemon did not send it.
    #[error("denied: {message}")]
    Denied {
        /// Why, from a closed set.
        reason: DenialReason,
        /// In words.
        message: String,
    },
    /// It was sent, and there is no whole response.
    #[error("{message}")]
    Failed {
        /// What failed, from a closed set.
        kind: FailureKind,
        /// In words.
        message: String,
    },
    /// The daemon refused the call, or the connection to it broke.
    #[error("the plugin bus: {0}")]
    Bus(Box<Status>),
}

impl From<Status> for FetchError {
    fn from(status: Status) -> Self {
        Self::Bus(Box::new(status))
    }
}

/// What does a fetch: the daemon, or a test.
#[derive(Clone, Copy)]
pub(crate) struct Out<'a>(pub(crate) &'a dyn Fn(Fetch) -> Result<Fetched, FetchError>);

impl fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Out")
    }
}

/// The way out of one session.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    netgate: NetgateClient<Channel>,
    secret: MetadataValue<tonic::metadata::Ascii>,
    runtime: Handle,
}

impl Outlet {
    /// If the session was granted one. Must be called on a runtime.
    pub(crate) fn of(
        channel: Channel,
        secret: &str,
        granted: &[Capability],
    ) -> Result<Option<Self>, InvalidMetadataValue> {
        let may = granted.iter().any(|c| [Capability::CapHttpPassive, Capability::CapHttpActive].contains(c));
        if !may {
            return Ok(None);
        }
        let secret = MetadataValue::try_from(secret)?;
        Ok(Some(Self { netgate: NetgateClient::new(channel), secret, runtime: Handle::current() }))
    }

    /// Fetches, and waits for it. Not to be called on the runtime's own threads.
    pub(crate) fn fetch(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let (done, waiting) = std::sync::mpsc::sync_channel(1);
        let outlet = self.clone();
        self.runtime.spawn(async move {
            // Nobody waits any more if the plugin's thread is gone.
            done.send(outlet.ask(fetch).await).ok();
        });
        // Its end goes away with the runtime, if not before.
        let gone = || Err(Status::cancelled("the plugin stops").into());
        waiting.recv().unwrap_or_else(|_| gone())
    }

    async fn ask(mut self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let limit = match fetch.head.timeout_ms {
            0 => LONGEST,
            ms => Duration::from_millis(ms.into()),
        };
        let traceparent = MetadataValue::try_from(fetch.traceparent.as_str()).ok();
        let mut request = Request::new(tokio_stream::iter(fetch.messages()));
        request.metadata_mut().insert(SESSION_METADATA, self.secret.clone());
        if let Some(traceparent) = traceparent {
            request.metadata_mut().insert(TRACE_METADATA, traceparent);
        }
        let whole = async {
            let mut answers = self.netgate.fetch(request).await?.into_inner();
            let mut gathered = Gathered::default();
            while let Some(answer) = answers.message().await? {
                if let Some(end) = gathered.take(answer) {
                    return gathered.end(end);
                }
            }
            Err(Status::new(Code::Unknown, "the answer had no end").into())
        };
        let late = || Err(Status::deadline_exceeded("the daemon did not answer in time").into());
        timeout(limit + GRACE, whole).await.unwrap_or_else(|_| late())
    }
}

/// What has come of a response.
#[derive(Default)]
struct Gathered {
    fetched: Fetched,
    body: Vec<u8>,
}

impl Gathered {
    fn take(&mut self, answer: FetchResponse) -> Option<FetchEnd> {
        match answer.message {
            Some(fetch_response::Message::Head(head)) => {
                self.fetched.status = u16::try_from(head.status).unwrap_or(0);
                self.fetched.version = head.version;
                self.fetched.headers = head.headers;
                self.fetched.url = head.url;
            }
            Some(fetch_response::Message::Body(part)) => self.body.extend_from_slice(&part),
            Some(fetch_response::Message::End(end)) => return Some(end),
            None => {}
        }
        None
    }

    fn end(self, end: FetchEnd) -> Result<Fetched, FetchError> {
        match end.outcome {
            Some(fetch_end::Outcome::Denied(denied)) => {
                Err(FetchError::Denied { reason: denied.reason(), message: denied.message })
            }
            Some(fetch_end::Outcome::Failed(failed)) => {
                Err(FetchError::Failed { kind: failed.kind(), message: failed.message })
            }
            None => Ok(Fetched {
                body: self.body.into(),
                trailers: end.trailers,
                attempts: end.attempts,
                waited: Duration::from_micros(end.rate_limit_wait_us.saturating_add(end.backoff_us)),
                ..self.fetched
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_goes_in_parts() {
        let body: Vec<u8> = (0..PART * 2 + 1).map(|n| n as u8).collect();
        let messages: Vec<_> = Fetch::new("PUT", "http://a.example/").body(body.clone()).messages().collect();
        assert!(
            matches!(&messages[0].message, Some(fetch_request::Message::Head(head)) if head.method == "PUT")
        );
        let parts = messages[1..].iter().map(|m| match &m.message {
            Some(fetch_request::Message::Body(part)) => part.as_ref(),
            other => panic!("{other:?}"),
        });
        let parts: Vec<_> = parts.collect();
        assert_eq!((parts.len(), parts.concat()), (3, body));
        assert_eq!(Fetch::get("http://a.example/").messages().count(), 1);
    }

    #[test]
    fn an_end_is_a_response_or_says_why_not() {
        let mut gathered = Gathered::default();
        let head = crate::wire::FetchResponseHead { status: 200, ..Default::default() };
        for message in [fetch_response::Message::Head(head), fetch_response::Message::Body("a".into())] {
            assert_eq!(gathered.take(FetchResponse { message: Some(message) }), None);
        }
        let end = FetchEnd { rate_limit_wait_us: 2, backoff_us: 3, ..FetchEnd::default() };
        let fetched = gathered.end(end).unwrap();
        assert_eq!((fetched.status, fetched.text().as_ref(), fetched.waited.as_micros()), (200, "a", 5));
        let denied =
            crate::wire::FetchDenied { reason: DenialReason::DeniedOwn.into(), message: "no".into() };
        let end = FetchEnd { outcome: Some(fetch_end::Outcome::Denied(denied)), ..FetchEnd::default() };
        let error = Gathered::default().end(end).unwrap_err();
        assert!(matches!(error, FetchError::Denied { reason: DenialReason::DeniedOwn, .. }), "{error}");
    }
}
