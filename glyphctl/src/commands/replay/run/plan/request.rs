//! A recorded request as it is to be sent, and what the answer to it is held against.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use glyph_analysis::replay::Rules;
use glyph_formats::{Flow, flow};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, uri::{Authority, PathAndQuery}};

use super::{
    HeaderFlags, Keys, LeftOut, Secrecy, SecretFlags, headers::Rewriting, secrets::Vault, target::Target,
};

/// What is sent.
#[derive(Debug)]
pub(in super::super) struct Prepared {
    pub(in super::super) method: Method,
    pub(in super::super) path: PathAndQuery,
    pub(in super::super) headers: HeaderMap,
    /// What is named as the server.
    pub(in super::super) authority: Authority,
    /// The same, as a header has it.
    pub(in super::super) host: HeaderValue,
    pub(in super::super) body: Bytes,
    /// Whether it came over HTTP/2.
    pub(in super::super) http2: bool,
    pub(in super::super) keys: Keys,
    pub(in super::super) secrecy: Secrecy,
    /// When it was sent, in nanoseconds since 1970.
    pub(in super::super) start: u64,
    pub(in super::super) expected: Expected,
    /// The recorded flow, as its line has it.
    pub(in super::super) line: Box<[u8]>,
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
        marks: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self { vault: secrets.vault(&target)?, rewriting: headers.rewriting(marks)?, target, rules })
    }

    /// What is compared.
    pub(in super::super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Where it all goes.
    pub(in super::super) fn target(&self) -> &Target {
        &self.target
    }

    /// What is to be sent for a line; or why nothing is.
    pub(super) fn prepare(&self, line: &[u8], mut flow: Flow) -> Result<Prepared, LeftOut> {
        if let Some(reason) = LeftOut::of(&flow) {
            return Err(reason);
        }
        let keys = Keys::of(&flow);
        let secrecy = self.vault.put_back(&mut flow, &self.target);
        let unsendable = LeftOut::Unsendable;
        let method = Method::from_bytes(flow.request.method.as_bytes()).map_err(|_| unsendable)?;
        let path = self.target.path(&flow.request.url).ok_or(unsendable)?;
        let body = content(&mut flow.request.body).ok_or(unsendable)?;
        let (headers, authority) =
            self.rewriting.headers(&flow, body.len(), &self.target).ok_or(unsendable)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unsendable)?;
        let over_http2 = |version: &str| version.starts_with("HTTP/2");
        Ok(Prepared {
            method,
            path,
            headers,
            authority,
            host,
            body,
            http2: over_http2(&flow.request.version)
                || flow.response.as_ref().is_some_and(|response| over_http2(&response.version)),
            keys,
            secrecy,
            start: flow.start_time_unix_nano.0,
            expected: Expected {
                took: flow.end_time_unix_nano.since(flow.start_time_unix_nano),
                exactly: self.exactly(flow),
            },
            line: line.into(),
        })
    }

    fn exactly(&self, flow: Flow) -> Option<Exactly> {
        let replaced = flow.redactions.iter().any(|redaction| !redaction.place.starts_with("request"));
        let mut response = flow.response.filter(|_| !replaced && flow.error.is_none())?;
        if !response.trailers.is_empty() || response.body.is_partial() || response.body.charset.is_some() {
            return None;
        }
        let compared = response.headers.iter().filter(|(name, _)| self.rules.compares_header(name));
        let pair = |(name, value): &(String, String)| {
            Some((
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_bytes(value.as_bytes()).ok()?,
            ))
        };
        let headers = compared.map(pair).collect::<Option<_>>()?;
        // What an old recording holds in a coding is looked at closely.
        let coded = response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
        if coded {
            return None;
        }
        Some(Exactly { status: response.status, headers, body: content(&mut response.body)? })
    }
}

impl Prepared {
    /// The recorded flow.
    pub(in super::super) fn recorded(&self) -> anyhow::Result<Flow> {
        Ok(serde_json::from_slice(&self.line)?)
    }

    /// What it asks for, as a URL.
    pub(in super::super) fn url(&self) -> String {
        format!("http://{}{}", self.authority, self.path)
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

/// What is stored of a body, taken out of it.
fn content(body: &mut flow::Body) -> Option<Bytes> {
    match (body.utf8.take(), &body.base64) {
        (Some(text), _) => Some(Bytes::from(text)),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).ok().map(Bytes::from),
        (None, None) => Some(Bytes::new()),
    }
}
