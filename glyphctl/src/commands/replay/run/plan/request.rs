//! A recorded request as it is to be sent, and what the answer to it is held against.

use std::sync::Arc;

use bytes::Bytes;
use glyph_analysis::replay::Rules;
use glyph_formats::Flow;
use glyphd::sanitize::Sanitizer;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Version,
    uri::{Authority, PathAndQuery},
};

use super::{
    HeaderFlags, Keys, LeftOut, Secrecy, SecretFlags,
    headers::Rewriting,
    secrets::{PutBack, Vault},
    target::Target,
    view::{Request, Response, View, part},
};

/// What is sent.
#[derive(Debug)]
pub(in super::super) struct Prepared {
    pub(in super::super) method: Method,
    pub(in super::super) path: PathAndQuery,
    /// `Host` first.
    pub(in super::super) headers: HeaderMap,
    /// What is named as the server.
    pub(in super::super) authority: Authority,
    pub(in super::super) body: Bytes,
    /// Whether it came over HTTP/2.
    pub(in super::super) http2: bool,
    pub(in super::super) keys: Keys,
    pub(in super::super) secrecy: Secrecy,
    pub(in super::super) put_back: PutBack,
    /// When it was sent, in nanoseconds since 1970.
    pub(in super::super) start: u64,
    pub(in super::super) expected: Expected,
    /// The recorded flow, as its line has it.
    pub(in super::super) line: Bytes,
}

/// What can be told of the answer without a closer look.
#[derive(Debug)]
pub(in super::super) struct Expected {
    /// None where only a closer look tells: where there was no answer, something in it was replaced, or not all of it is
    /// there.
    pub(in super::super) exactly: Option<Exactly>,
    /// How long the exchange took, in nanoseconds.
    pub(in super::super) took: u64,
}

/// An answer that is the same if it is the same byte for byte.
#[derive(Debug)]
pub(in super::super) struct Exactly {
    pub(in super::super) status: u16,
    /// Those that are compared.
    pub(in super::super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(in super::super) body: Bytes,
}

/// Makes requests of recorded flows.
#[derive(Debug)]
pub(in super::super) struct Preparer {
    target: Target,
    vault: Vault,
    rewriting: Rewriting,
    rules: Rules,
}

impl Preparer {
    /// As the flags say. `marks`: whether each request is to say which flow it was.
    pub(in super::super) fn new(
        target: Target,
        secrets: &SecretFlags,
        headers: &HeaderFlags,
        rules: Rules,
        sanitizer: &Arc<Sanitizer>,
        marks: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            vault: secrets.vault(&target, sanitizer)?,
            rewriting: headers.rewriting(marks)?,
            target,
            rules,
        })
    }

    /// What is compared.
    pub(in super::super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Where it all goes.
    pub(in super::super) fn target(&self) -> &Target {
        &self.target
    }

    /// What is to be sent for the flow of a line; or why nothing is.
    pub(super) fn prepare(&self, line: &Bytes, flow: &View<'_>) -> anyhow::Result<Result<Prepared, LeftOut>> {
        if let Some(reason) = LeftOut::of(flow) {
            return Ok(Err(reason));
        }
        if !flow.may_have_secrets() {
            return Ok(self.of(line, line, flow).ok_or(LeftOut::Unsendable));
        }
        let (restored, secrecy, put_back) = self.vault.put_back(line, &self.target)?;
        let flow = serde_json::from_slice(&restored)?;
        // What was replaced only now may be too long to be kept.
        if let Some(reason) = LeftOut::of(&flow) {
            return Ok(Err(reason));
        }
        let prepared = self.of(line, &restored, &flow).ok_or(LeftOut::Unsendable);
        Ok(prepared.map(|prepared| Prepared { secrecy, put_back, ..prepared }))
    }

    /// `line`: as it was recorded; `restored`: with its secrets, which the flow borrows from.
    fn of(&self, line: &Bytes, restored: &Bytes, flow: &View<'_>) -> Option<Prepared> {
        let Request { method, url, version, body, .. } = &flow.request;
        let body = body.stored(restored)?;
        let (headers, authority) = self.rewriting.headers(flow, restored, body.len(), &self.target)?;
        let over_http2 = |version: &str| version.starts_with("HTTP/2");
        Some(Prepared {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            path: self.target.path(url)?,
            headers,
            authority,
            body,
            http2: over_http2(version) || flow.response.as_ref().is_some_and(|r| over_http2(&r.version)),
            keys: Keys::of(flow),
            secrecy: Secrecy::None,
            put_back: PutBack::default(),
            start: flow.start_time_unix_nano,
            expected: Expected {
                took: flow.end_time_unix_nano.saturating_sub(flow.start_time_unix_nano),
                exactly: self.exactly(restored, flow),
            },
            line: line.clone(),
        })
    }

    fn exactly(&self, line: &Bytes, flow: &View<'_>) -> Option<Exactly> {
        let response = flow.response.as_ref()?;
        let Response { status, headers, body, trailers, .. } = response;
        let is_whole = flow.error.is_none() && trailers.is_empty() && !body.is_partial();
        // What an old recording holds in a coding is looked at closely, too.
        let is_coded = headers.get("content-encoding").next().is_some() || body.charset.is_some();
        // Of an answer to HEAD the length is compared.
        let is_head = flow.request.method == "HEAD";
        if !is_whole || is_coded || is_head || flow.response_is_redacted() {
            return None;
        }
        let compared = headers.iter().filter(|(name, _)| self.rules.compares_header(name));
        let headers = compared.map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_maybe_shared(part(line, value)).ok()?))
        });
        Some(Exactly { status: *status, headers: headers.collect::<Option<_>>()?, body: body.stored(line)? })
    }
}

impl Prepared {
    /// The recorded flow.
    pub(in super::super) fn recorded(&self) -> anyhow::Result<Flow> {
        Ok(serde_json::from_slice(&self.line)?)
    }

    /// What it takes to hold it, about.
    pub(in super::super) fn bytes(&self) -> usize {
        let exactly = self.expected.exactly.as_ref().map_or(0, |exactly| exactly.body.len());
        size_of::<Self>() + self.line.len() + self.body.len() + exactly + 64 * self.headers.len()
    }

    /// Whether sending it once more does no harm, as the method promises.
    pub(in super::super) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// Which version it is sent in, over such a connection.
    pub(in super::super) fn version(http2: bool) -> Version {
        if http2 { Version::HTTP_2 } else { Version::HTTP_11 }
    }
}
