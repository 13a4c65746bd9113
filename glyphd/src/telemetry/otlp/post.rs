//! One post of spans, made again until the collector has taken it or it is too late: headers, gzip, TLS, retries.
//!
//! OpenTelemetry's exporter makes the bodies and hands them to its HTTP client, which is this. It tells neither why a post
//! failed nor how many spans of it were rejected: that is kept here, for the worker.

use std::{
    error::Error,
    fmt,
    io::Write,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_http::{HttpClient, HttpError, hyper::HyperClient};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{collector::Collector, retry, retry::Setback, tls};
use crate::telemetry::{TelemetryError, TraceConfig};

/// The client.
pub(super) struct Post {
    client: HyperClient<HttpsConnector<HttpConnector>>,
    headers: HeaderMap,
    gzip: bool,
    collector: Arc<Collector>,
    /// From then on nothing is waited for.
    stop: CancellationToken,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}

impl Post {
    pub(super) fn new(
        endpoint: &str,
        config: &TraceConfig,
        collector: Arc<Collector>,
        stop: CancellationToken,
    ) -> Result<Self, TelemetryError> {
        let error = |e: &dyn fmt::Display| TelemetryError::Otlp(e.to_string());
        let tls =
            tls::client_with(endpoint, config.insecure_skip_verify, &config.tls).map_err(|e| error(&e))?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let name = http::HeaderName::try_from(name).map_err(|e| error(&e))?;
            headers.insert(name, HeaderValue::try_from(value).map_err(|e| error(&e))?);
        }
        let client = HyperClient::new(connector, config.timeout, None);
        Ok(Self { client, headers, gzip: config.gzip, collector, stop })
    }

    /// What is sent of what the exporter has made. Its own headers are not: it takes them from the environment, over those
    /// of the flags.
    fn request(&self, made: Request<Bytes>) -> Result<Request<Bytes>, HttpError> {
        let (mut head, mut body) = made.into_parts();
        let kind = head.headers.remove(header::CONTENT_TYPE);
        head.headers.clone_from(&self.headers);
        head.headers.extend(kind.map(|kind| (header::CONTENT_TYPE, kind)));
        let agent = HeaderValue::from_static(concat!("glyph/", env!("CARGO_PKG_VERSION")));
        head.headers.entry(header::USER_AGENT).or_insert(agent);
        if self.gzip {
            // The last bytes that could be saved cost more than they are worth to a proxy.
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
            encoder.write_all(&body)?;
            body = encoder.finish()?.into();
            head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(Request::from_parts(head, body))
    }

    async fn send(&self, made: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = self.request(made)?;
        let (began, mut tries) = (Instant::now(), 0);
        loop {
            let (why, setback) = match self.client.send_bytes(request.clone()).await {
                Ok(answer) if answer.status().is_success() => {
                    self.taken(&answer);
                    return Ok(answer);
                }
                Ok(answer) => {
                    let setback = Setback::of_answer(answer.status(), answer.headers(), SystemTime::now());
                    (format!("it answers {}", answer.status()), setback)
                }
                Err(error) => (causes(&*error), Some(Setback::Unreachable)),
            };
            self.collector.failed(&why, setback.and_then(Setback::asked));
            tries += 1;
            // Who stops does not wait, least of all for somebody who is not there.
            let again = setback.filter(|_| !self.stop.is_cancelled());
            let wait = again.and_then(|setback| retry::wait(setback, tries, began.elapsed(), rand::random()));
            let Some(wait) = wait else { return Err(why.into()) };
            self.pause(wait, setback).await?;
        }
    }

    /// Waits, and says whether to go on: where the daemon stops, once more, unless the collector asked for time.
    async fn pause(&self, wait: Duration, setback: Option<Setback>) -> Result<(), HttpError> {
        tokio::select! {
            () = sleep(wait) => Ok(()),
            () = self.stop.cancelled() => match setback.and_then(Setback::asked) {
                Some(_) => Err("the collector has asked for more time than there is".into()),
                None => Ok(()),
            },
        }
    }

    fn taken(&self, answer: &Response<Bytes>) {
        // Who answers otherwise than OTLP has it has still said that all is well.
        let said = ExportTraceServiceResponse::decode(answer.body().clone()).unwrap_or_default();
        let partial = said.partial_success.unwrap_or_default();
        self.collector.took(u64::try_from(partial.rejected_spans).unwrap_or(0), &partial.error_message);
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Post {
    // What `async_trait` would make of it.
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Answer<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.send(request))
    }
}

/// The error with what caused it: hyper's own says little.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
