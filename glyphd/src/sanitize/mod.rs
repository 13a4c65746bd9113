//! The only way from what passed to what is kept: secrets are replaced here.
//!
//! In: an `Exchange` from capture. Out: a [`Flow`], to the flow log and to dispatch. Nobody else can make one.
//! Not here yet: secrets in bodies.

mod rules;
mod tokens;
mod headers;
mod url;
mod body;
mod intake;

use std::{ops::Deref, sync::Arc};

use glyph_formats::{FORMAT_VERSION, flow};
use http::Version;

pub use intake::Intake;

use self::tokens::Tokens;
use crate::{
    capture::Exchange,
    telemetry::{Span, TraceContext},
};

/// A sanitised exchange. Cheap to clone; nobody can change it.
#[derive(Debug, Clone)]
pub struct Flow {
    inner: Arc<(flow::Flow, TraceContext)>,
}

impl Flow {
    /// The record, as it stands in the flow log.
    pub fn record(&self) -> &flow::Flow {
        &self.inner.0
    }

    /// The span `proxy.capture_flow`.
    pub fn context(&self) -> TraceContext {
        self.inner.1
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

impl Sanitizer {
    /// The URL without the secrets in it.
    pub fn url(&self, url: &str) -> String {
        url::sanitize(url, &self.tokens, &mut Redactions::new("")).into_owned()
    }

    /// The flow, and the span of its publication, which goes on.
    fn flow(&self, exchange: Exchange) -> (Flow, Span) {
        let context = exchange.context;
        let mut found = Redactions::new("request");
        let request = exchange.request;
        let target = exchange.target;
        let kind = if exchange.tunnel.is_some() { flow::FlowKind::Tunnel } else { flow::FlowKind::Http };
        let request = flow::Request {
            method: request.method.to_string(),
            url: url::sanitize(&target.url, &self.tokens, &mut found).into_owned(),
            scheme: target.scheme.to_owned(),
            host: target.host,
            port: target.port,
            version: version(request.version).to_owned(),
            headers: headers::sanitize(&request.headers, &self.tokens, &mut found),
            trailers: request
                .body
                .trailers
                .as_ref()
                .map(|t| headers::sanitize(t, &self.tokens, &mut found))
                .unwrap_or_default(),
            body: body::record(&request.body),
        };
        let mut redactions = found.list;
        let mut found = Redactions::new("response");
        let response = exchange.response.map(|response| flow::Response {
            status: response.status.as_u16(),
            version: version(response.version).to_owned(),
            headers: headers::sanitize(&response.headers, &self.tokens, &mut found),
            trailers: response
                .body
                .trailers
                .as_ref()
                .map(|t| headers::sanitize(t, &self.tokens, &mut found))
                .unwrap_or_default(),
            body: body::record(&response.body),
        });
        redactions.append(&mut found.list);
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
            redactions,
        };
        (Flow { inner: Arc::new((record, context)) }, exchange.publish)
    }
}

/// What was replaced on one side of an exchange.
#[derive(Debug)]
struct Redactions {
    side: &'static str,
    list: Vec<flow::Redaction>,
}

impl Redactions {
    fn new(side: &'static str) -> Self {
        Self { side, list: Vec::new() }
    }

    fn add(&mut self, kind: &str, place: std::fmt::Arguments<'_>) {
        self.list.push(flow::Redaction { kind: kind.to_owned(), place: format!("{}.{place}", self.side) });
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
