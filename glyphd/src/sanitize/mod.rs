//! The only way from what passed to what is kept: secrets are replaced here.
//!
//! In: an `Exchange` from capture. Out: a [`Flow`], to the flow log and to dispatch; beside it, where a plugin may see
//! it, what passed as it passed ([`Raw`]). Nobody else can make one. Everything else that is written goes through the
//! same rules: URLs of spans ([`Sanitizer::url`]); what plugins say, the audit's notes and log lines
//! ([`Sanitizer::text`]).
//!
//! `rules` says what a secret is, `find` where one stands in a document, `content` what the document is, and `tokens`
//! what stands there instead. Not here: what a tunnel carries, which nobody looks at.

mod rules;
mod find;
mod content;
mod entropy;
mod tokens;
mod found;
mod memo;
mod headers;
mod body;
mod secrets;
mod secrets_file;
mod raw;
mod imported;
mod spans;
mod intake;

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use glyph_formats::{
    FORMAT_VERSION,
    flow::{self, Redaction},
};
use http::{HeaderMap, Version};

pub use intake::Intake;
pub use raw::{Message, Raw};
pub use rules::{Allow, BinaryBodies, Pattern, RedactionPolicy, Scope, Switch};
pub(crate) use secrets::Secrets;
pub(crate) use secrets_file::{SecretsFile, create as create_secrets_file};

use self::{body::Kept, find::Document, found::Found, memo::Memo, rules::Rules, tokens::Tokens};
use crate::{
    capture::{Exchange, exchange::RawBody},
    telemetry::{Span, TraceContext},
};

/// How many bytes of a body are kept, unless the configuration says otherwise.
pub const BODY_BYTES: usize = 128 << 10;

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
    rules: Rules,
    tokens: Tokens,
    memo: Mutex<Memo>,
    /// How many bytes of a body's content are kept.
    limit: usize,
    secrets_file: Option<SecretsFile>,
}

impl Default for Sanitizer {
    /// With the rules that hold everywhere, and a key that nobody else has.
    fn default() -> Self {
        Self::new(RedactionPolicy::default(), BODY_BYTES)
    }
}

/// What comes of an exchange.
struct Sanitized {
    flow: Flow,
    raw: Option<Raw>,
    /// The span of its publication, which goes on.
    publish: Span,
}

/// What comes of one side of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Clean {
    /// Names and values in their order.
    pub headers: Vec<(String, String)>,
    /// Trailers, as headers.
    pub trailers: Vec<(String, String)>,
    /// The body.
    pub body: flow::Body,
    /// What was replaced.
    pub redactions: Vec<Redaction>,
}

impl Sanitizer {
    /// With a key that nobody else has. `limit`: how many bytes of a body's content are kept.
    pub fn new(policy: RedactionPolicy, limit: usize) -> Self {
        let (rules, tokens) = (Rules::new(policy), Tokens::with_random_key());
        Self { rules, tokens, memo: Mutex::default(), limit, secrets_file: None }
    }

    /// What tokens stand for is written into that file.
    pub(crate) fn with_secrets_file(mut self, file: Option<SecretsFile>) -> Self {
        if let Some(file) = &file {
            file.begin(self.tokens.key());
        }
        self.secrets_file = file;
        self
    }

    /// Writes out what was to be written.
    pub(crate) fn close(&self) -> std::io::Result<()> {
        self.secrets_file.as_ref().map_or(Ok(()), SecretsFile::close)
    }

    /// How many bytes of a body it wants to see: more than it lets through, so that a secret across the limit is known.
    fn body_bytes(&self) -> usize {
        if self.limit == 0 { 0 } else { self.limit.saturating_add(body::MARGIN) }
    }

    /// The URL without the secrets in it.
    pub fn url(&self, url: &str) -> String {
        clean_text(url, Document::Url, "url", &mut Found::new(self, ""))
    }

    /// A text that somebody wrote, without the secrets in it: by their shape, in URLs, behind the name of one, behind
    /// the scheme of credentials.
    pub fn text(&self, text: &str) -> String {
        clean_text(text, Document::Text, "text", &mut Found::new(self, ""))
    }

    /// One side of an exchange: what the flow log would have of it. `side`: `request` or `response`.
    pub fn message(&self, side: &'static str, message: &Message) -> Clean {
        let mut found = Found::new(self, side);
        let passed = Passed {
            headers: &message.headers,
            trailers: message.trailers.as_ref(),
            body: Kept { bytes: &message.content, size: message.size, complete: message.complete },
        };
        let (headers, trailers, body) = passed.sanitize(&mut found);
        Clean { headers, trailers, body, redactions: found.redactions }
    }

    /// `with_raw`: whether somebody wants it as it passed, too.
    fn exchange(&self, exchange: Box<Exchange>, with_raw: bool) -> Sanitized {
        let raw = with_raw.then(|| Raw::of(&exchange, self.limit));
        let context = exchange.context;
        let mut found = Found::new(self, "request");
        let (request, target) = (exchange.request, exchange.target);
        let kind = if exchange.tunnel.is_some() { flow::FlowKind::Tunnel } else { flow::FlowKind::Http };
        let redact = self.rules.policy.switch(&target.host, &target.url) == Switch::On;
        let side = |headers: &HeaderMap, body: &RawBody, found: &mut Found<'_>| {
            let passed = Passed::of(headers, body);
            if redact { passed.sanitize(found) } else { passed.unredacted(self.limit) }
        };
        let url = if redact { clean_text(&target.url, Document::Url, "url", &mut found) } else { target.url };
        let (headers, trailers, body) = side(&request.headers, &request.body, &mut found);
        let request = flow::Request {
            method: request.method.to_string(),
            url,
            scheme: target.scheme.to_owned(),
            host: target.host,
            port: target.port,
            version: version(request.version).to_owned(),
            headers,
            trailers,
            body,
        };
        found.turn_to("response");
        let response = exchange.response.map(|response| {
            let (headers, trailers, body) = side(&response.headers, &response.body, &mut found);
            let (status, version) = (response.status.as_u16(), version(response.version).to_owned());
            flow::Response { status, version, headers, trailers, body }
        });
        let error = exchange.error.map(|error| flow::FlowError {
            message: clean_text(&error.message, Document::Text, "error", &mut found),
            ..error
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
            websocket: exchange.websocket,
            timings: exchange.timings,
            error,
            redactions: found.redactions,
            unredacted: !redact,
        };
        let secrets = Secrets::of(found.secrets);
        let flow = Flow { inner: Arc::new(Inner { record, context, secrets }) };
        Sanitized { flow, raw, publish: exchange.publish }
    }
}

fn clean_text(text: &str, document: Document<'_>, place: &str, found: &mut Found<'_>) -> String {
    find::replace(text, document, place, usize::MAX, found).text.into_owned()
}

/// One side of an exchange, as it passed.
struct Passed<'a> {
    headers: &'a HeaderMap,
    trailers: Option<&'a HeaderMap>,
    body: Kept<'a>,
}

type Headers = Vec<(String, String)>;

impl<'a> Passed<'a> {
    fn of(headers: &'a HeaderMap, body: &'a RawBody) -> Self {
        let kept = Kept { bytes: &body.kept, size: body.size, complete: body.complete };
        Self { headers, trailers: body.trailers.as_deref(), body: kept }
    }

    fn sanitize(self, found: &mut Found<'_>) -> (Headers, Headers, flow::Body) {
        let mut headers = headers::sanitize(self.headers, found);
        let stored = body::record(self.body, self.headers, found);
        headers::fit(&mut headers, &stored, found);
        let trailers = self.trailers.map(|trailers| headers::sanitize(trailers, found));
        (headers, trailers.unwrap_or_default(), stored.body)
    }

    fn unredacted(self, limit: usize) -> (Headers, Headers, flow::Body) {
        let trailers = self.trailers.map(headers::unredacted).unwrap_or_default();
        (headers::unredacted(self.headers), trailers, body::record_unredacted(self.body, limit))
    }
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
