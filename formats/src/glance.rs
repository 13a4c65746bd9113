//! A flow at a glance: the line that it is in a file, with only as much of it taken apart as is asked for.
//!
//! In: a line of `flows.jsonl`. Out: the figures and names that lists and filters need; headers and bodies lie there as they
//! stand, until somebody wants them. It borrows from the line, so that a large recording goes by without a copy.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    content::{self, Content},
    flow::{FlowKind, Tunnel},
};

/// A [`crate::Flow`] at a glance.
#[derive(Debug, Deserialize)]
pub struct Glance<'a> {
    /// The flow's id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Its number in the run.
    pub sequence: u64,
    /// Its trace, in hexadecimal.
    #[serde(borrow)]
    pub trace_id: Cow<'a, str>,
    /// When it began.
    pub start_time_unix_nano: u64,
    /// When it ended.
    pub end_time_unix_nano: u64,
    /// What passed.
    pub kind: FlowKind,
    /// What was asked for.
    #[serde(borrow)]
    pub request: Request<'a>,
    /// What was answered.
    #[serde(borrow, default)]
    pub response: Option<Response<'a>>,
    /// The bytes of a tunnel.
    #[serde(default)]
    pub tunnel: Option<Tunnel>,
    /// Why it failed.
    #[serde(borrow, default)]
    pub error: Option<Failure<'a>>,
    #[serde(borrow, default)]
    redactions: Option<&'a RawValue>,
    /// Whether redaction was switched off for it.
    #[serde(default)]
    pub unredacted: bool,
}

/// A request at a glance.
#[derive(Debug, Deserialize)]
pub struct Request<'a> {
    /// The method.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// The absolute URL; for a tunnel `host:port`.
    #[serde(borrow)]
    pub url: Cow<'a, str>,
    /// The host.
    #[serde(borrow)]
    pub host: Cow<'a, str>,
    /// The port.
    pub port: u16,
    /// The headers.
    #[serde(borrow)]
    pub headers: Headers<'a>,
    /// The body.
    #[serde(borrow)]
    pub body: Body<'a>,
    /// Trailers.
    #[serde(borrow, default)]
    pub trailers: Headers<'a>,
}

/// A response at a glance.
#[derive(Debug, Deserialize)]
pub struct Response<'a> {
    /// The status.
    pub status: u16,
    /// The headers.
    #[serde(borrow)]
    pub headers: Headers<'a>,
    /// The body.
    #[serde(borrow)]
    pub body: Body<'a>,
    /// Trailers.
    #[serde(borrow, default)]
    pub trailers: Headers<'a>,
}

/// A failure at a glance.
#[derive(Debug, Deserialize)]
pub struct Failure<'a> {
    /// What failed.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Whose fault it was.
    #[serde(borrow)]
    pub origin: Cow<'a, str>,
    /// The cause in words.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// Headers as they stand in the line.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Headers<'a>(#[serde(borrow)] Option<&'a RawValue>);

/// A body as it stands in the line.
#[derive(Debug, Deserialize)]
pub struct Body<'a> {
    /// How many bytes passed.
    pub size: u64,
    /// How many of these were kept.
    pub captured_size: u64,
    #[serde(borrow, default)]
    utf8: Option<&'a RawValue>,
    #[serde(borrow, default)]
    base64: Option<&'a RawValue>,
    #[serde(borrow, default)]
    digest: Option<&'a RawValue>,
    /// Whether the body came to its end.
    pub complete: bool,
    /// Whether it was cut where it was decoded.
    #[serde(default)]
    pub truncated: bool,
}

/// Text of the line, without a copy where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Glance<'_> {
    /// How long it took, in nanoseconds.
    pub fn duration_ns(&self) -> u64 {
        self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano)
    }

    /// Whether something in it was replaced.
    pub fn is_redacted(&self) -> bool {
        self.redactions.is_some_and(|list| list.get().bytes().any(|b| b == b'{'))
    }

    /// Whether less of a body is stored than there was.
    pub fn is_partial(&self) -> bool {
        self.request.body.is_partial() || self.response.as_ref().is_some_and(|r| r.body.is_partial())
    }

    /// How many bytes of bodies the client sent, and how many it got; of a tunnel all bytes.
    pub fn bytes(&self) -> (u64, u64) {
        match &self.tunnel {
            Some(tunnel) => (tunnel.bytes_sent, tunnel.bytes_received),
            None => (self.request.body.size, self.response.as_ref().map_or(0, |r| r.body.size)),
        }
    }
}

impl<'a> Headers<'a> {
    /// Names and values in their order. What is no list of pairs has none.
    pub fn pairs(&self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        let Some(raw) = self.0 else { return Vec::new() };
        let pairs: Vec<(Text<'a>, Text<'a>)> = serde_json::from_str(raw.get()).unwrap_or_default();
        pairs.into_iter().map(|(name, value)| (name.0, value.0)).collect()
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.pairs().into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<'a> Body<'a> {
    /// Whether less is stored than there was.
    pub fn is_partial(&self) -> bool {
        self.truncated || self.captured_size < self.size || self.digest.is_some() || !self.complete
    }

    /// Its content; none if none is stored.
    pub fn content(&self, headers: &Headers<'_>) -> Option<Content<'a>> {
        if let Some(raw) = self.utf8 {
            let text: Text<'a> = serde_json::from_str(raw.get()).ok()?;
            return Some(Content::plain(match text.0 {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }));
        }
        let text: Text<'a> = serde_json::from_str(self.base64?.get()).ok()?;
        let bytes = BASE64_STANDARD.decode(text.0.as_bytes()).ok()?;
        let pairs = headers.pairs();
        let codings = pairs.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
        let codings: Vec<_> = codings.map(|(_, value)| value.as_ref()).collect();
        Some(Content::decoded(bytes.into(), &codings.join(","), content::LIMIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"format":1,"id":"01M826AC3P75MGNS0WQPWA2WZX","sequence":7,
        "trace_id":"898114cb177d223564aa6b62429202c1","span_id":"66edc61c659ab291","sampled":true,
        "start_time_unix_nano":1,"end_time_unix_nano":11,"kind":"http","client":"127.0.0.1:33444",
        "request":{"method":"POST","url":"http://a.test/\"x","scheme":"http","host":"a.test","port":80,
        "version":"HTTP/1.1","headers":[["A","1"],["a","\n"]],
        "body":{"size":9,"captured_size":2,"utf8":"\u00fc\n","complete":true}},
        "response":{"status":200,"version":"HTTP/1.1","headers":[],
        "body":{"size":2,"captured_size":2,"base64":"/wA=","complete":true}},
        "redactions":[{"kind":"header","place":"x"}],"later":{}}"#;

    #[test]
    fn a_line_is_seen_as_it_is() {
        let glance: Glance<'_> = serde_json::from_str(LINE).unwrap();
        assert!(matches!(glance.id, Cow::Borrowed(_)));
        assert_eq!((glance.duration_ns(), glance.bytes()), (10, (9, 2)));
        assert_eq!(glance.request.url, "http://a.test/\"x");
        assert_eq!(glance.request.headers.get("a").as_deref(), Some("1"));
        assert_eq!(glance.request.headers.pairs()[1].1, "\n");
        assert!(glance.is_redacted() && glance.is_partial() && !glance.unredacted);
        let content = |body: &Body<'_>| body.content(&Headers::default()).unwrap().bytes.into_owned();
        assert_eq!(content(&glance.request.body), "ü\n".as_bytes());
        assert_eq!(content(&glance.response.unwrap().body), [0xff, 0]);
    }
}
