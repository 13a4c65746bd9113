//! A recorded flow as it is needed here: what is sent, and what the answer is held against. It borrows from its line.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use glyph_formats::{flow::FlowKind, secrets::TOKEN_PREFIX};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// The flow.
#[derive(Debug, Deserialize)]
pub(super) struct View<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    pub(super) sequence: u64,
    pub(super) start_time_unix_nano: u64,
    pub(super) end_time_unix_nano: u64,
    pub(super) kind: FlowKind,
    #[serde(borrow)]
    pub(super) client: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) request: Request<'a>,
    #[serde(borrow, default)]
    pub(super) response: Option<Response<'a>>,
    #[serde(default)]
    pub(super) websocket: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) error: Option<IgnoredAny>,
    #[serde(borrow, default)]
    redactions: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) unredacted: bool,
}

/// Its request.
#[derive(Debug, Deserialize)]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) method: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) host: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) headers: Headers<'a>,
    #[serde(borrow)]
    pub(super) body: Body<'a>,
    #[serde(borrow, default)]
    pub(super) trailers: Headers<'a>,
}

/// Its response.
#[derive(Debug, Deserialize)]
pub(super) struct Response<'a> {
    pub(super) status: u16,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) headers: Headers<'a>,
    #[serde(borrow)]
    pub(super) body: Body<'a>,
    #[serde(borrow, default)]
    pub(super) trailers: Headers<'a>,
}

/// Names and values in their order.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Headers<'a>(#[serde(borrow)] Vec<(Text<'a>, Text<'a>)>);

/// Text of the line, without a copy where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A body.
#[derive(Debug, Deserialize)]
pub(super) struct Body<'a> {
    pub(super) size: u64,
    captured_size: u64,
    #[serde(borrow, default)]
    utf8: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    base64: Option<Cow<'a, str>>,
    #[serde(default)]
    digest: Option<IgnoredAny>,
    pub(super) complete: bool,
    #[serde(default)]
    truncated: bool,
    #[serde(borrow, default)]
    pub(super) charset: Option<Cow<'a, str>>,
}

impl View<'_> {
    /// Whether something in the request was replaced as it was recorded, or was not though it may be a secret.
    pub(super) fn may_have_secrets(&self) -> bool {
        let replaced = self.redactions.is_some_and(|list| list.get().contains("\"request"));
        self.unredacted || replaced || self.has_tokens()
    }

    /// Whether tokens stand in the request.
    pub(super) fn has_tokens(&self) -> bool {
        let Request { url, headers, body, .. } = &self.request;
        url.contains(TOKEN_PREFIX)
            || headers.iter().any(|(_, value)| value.contains(TOKEN_PREFIX))
            || body.utf8.as_ref().is_some_and(|text| text.contains(TOKEN_PREFIX))
    }

    /// Whether something in the response was replaced.
    pub(super) fn response_is_redacted(&self) -> bool {
        self.redactions.is_some_and(|list| list.get().contains("\"response"))
    }
}

impl<'a> Headers<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&*name.0, &*value.0))
    }

    /// The values of that name.
    pub(super) fn get(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Body<'_> {
    /// Whether less is stored than there was.
    pub(super) fn is_partial(&self) -> bool {
        self.truncated || self.captured_size < self.size || self.digest.is_some() || !self.complete
    }

    /// What is stored, as a part of the line where it can be; none if it can't be read.
    pub(super) fn stored(&self, line: &Bytes) -> Option<Bytes> {
        match (&self.utf8, &self.base64) {
            (Some(text), _) => Some(part(line, text)),
            (None, Some(base64)) => BASE64_STANDARD.decode(base64.as_bytes()).ok().map(Bytes::from),
            (None, None) => Some(Bytes::new()),
        }
    }
}

/// Text, as a part of the line if it is one.
pub(super) fn part(line: &Bytes, text: &str) -> Bytes {
    let (line_range, range) = (line.as_ptr_range(), text.as_bytes().as_ptr_range());
    if !text.is_empty() && line_range.start <= range.start && range.end <= line_range.end {
        return line.slice_ref(text.as_bytes());
    }
    Bytes::copy_from_slice(text.as_bytes())
}
