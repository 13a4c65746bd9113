//! The only way from what passed to what is kept: secrets are replaced here.
//!
//! In: an `Exchange` from capture. Out: a [`Flow`], to the flow log and to dispatch; beside it, where a plugin may see
//! it, what passed as it passed ([`Raw`]). Nobody else can make one. What plugins say and what the audit notes goes
//! through [`Sanitizer::text`]. Not here yet: secrets in bodies.

mod rules;
mod tokens;
mod found;
mod headers;
mod url;
mod text;
mod body;
mod secrets;
mod raw;
mod intake;

use std::{ops::Deref, sync::Arc};

use glyph_formats::{FORMAT_VERSION, flow};
use http::{HeaderMap, Version};

pub use intake::Intake;
pub use raw::{Message, Raw};
pub(crate) use secrets::Secrets;

use self::{found::Found, tokens::Tokens};
use crate::{
    capture::{Exchange, exchange::RawBody},
    telemetry::{Span, TraceContext},
};

/// A sanitised exchange. Cheap to clone; nobody can change it.
#[derive(Debug, Clone)]
pub struct Flow {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    record: flow::Flow,
    context: TraceContext,
    secrets: Secrets,
}

impl Flow {
    /// A flow out of a recording, which was sanitised as it was recorded.
    pub fn recorded(record: flow::Flow) -> Self {
        let context =
            TraceContext { trace_id: record.trace_id, span_id: record.span_id, sampled: record.sampled };
        Self { inner: Arc::new(Inner { record, context, secrets: Secrets::default() }) }
    }

    /// The record, as it stands in the flow log.
    pub fn record(&self) -> &flow::Flow {
        &self.inner.record
    }

    /// The span `proxy.capture_flow`.
    pub fn context(&self) -> TraceContext {
        self.inner.context
    }

    /// What was replaced in it.
    pub(crate) fn secrets(&self) -> Secrets {
        self.inner.secrets.clone()
    }
}

impl Deref for Flow {
    type Target = flow::Flow;

    fn deref(&self) -> &flow::Flow {
        self.record()
    }
}

/// The rules, and the key of this run.
#[derive(Debug)]
pub struct Sanitizer {
    tokens: Tokens,
}

impl Default for Sanitizer {
    /// With a key that nobody else has.
    fn default() -> Self {
        Self { tokens: Tokens::with_random_key() }
    }
}

/// What comes of an exchange.
struct Sanitized {
    flow: Flow,
    raw: Option<Raw>,
    /// The span of its publication, which goes on.
    publish: Span,
}

impl Sanitizer {
    /// The URL without the secrets in it.
    pub fn url(&self, url: &str) -> String {
        url::sanitize(url, &mut Found::new(&self.tokens, "")).into_owned()
    }

    /// A text that somebody wrote, without the secrets in it: in URLs, after the name of one, after the scheme of
    /// credentials.
    pub fn text(&self, text: &str) -> String {
        text::sanitize(text, &mut Found::new(&self.tokens, "")).into_owned()
    }

    /// `with_raw`: whether somebody wants it as it passed, too.
    fn exchange(&self, exchange: Exchange, with_raw: bool) -> Sanitized {
        let raw = with_raw.then(|| Raw::of(&exchange));
        let context = exchange.context;
        let mut found = Found::new(&self.tokens, "request");
        let (request, target) = (exchange.request, exchange.target);
        let kind = if exchange.tunnel.is_some() { flow::FlowKind::Tunnel } else { flow::FlowKind::Http };
        let request = flow::Request {
            method: request.method.to_string(),
            url: url::sanitize(&target.url, &mut found).into_owned(),
            scheme: target.scheme.to_owned(),
            host: target.host,
            port: target.port,
            version: version(request.version).to_owned(),
            headers: headers::sanitize(&request.headers, &mut found),
            trailers: trailers(&request.body, &mut found),
            body: body::record(&request.body),
        };
        found.turn_to("response");
        let response = exchange.response.map(|response| flow::Response {
            status: response.status.as_u16(),
            version: version(response.version).to_owned(),
            headers: headers::sanitize(&response.headers, &mut found),
            trailers: trailers(&response.body, &mut found),
            body: body::record(&response.body),
        });
        let record = flow::Flow {
            format: FORMAT_VERSION,
            id: exchange.id,
            sequence: exchange.sequence,
            trace_id: context.trace_id,
            span_id: context.span_id,
            sampled: context.sampled,
            start_time_unix_nano: exchange.start,
            end_time_unix_nano: exchange.end,
            kind,
            client: exchange.client.to_string(),
            request,
            response,
            tunnel: exchange.tunnel,
            timings: exchange.timings,
            error: exchange.error,
            redactions: found.redactions,
            unredacted: false,
        };
        let secrets = Secrets::of(found.secrets);
        let flow = Flow { inner: Arc::new(Inner { record, context, secrets }) };
        Sanitized { flow, raw, publish: exchange.publish }
    }
}

fn trailers(body: &RawBody, found: &mut Found<'_>) -> Vec<(String, String)> {
    let clean = |trailers: &HeaderMap| headers::sanitize(trailers, found);
    body.trailers.as_ref().map(clean).unwrap_or_default()
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}
