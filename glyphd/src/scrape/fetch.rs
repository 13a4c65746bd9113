//! One scrape over HTTP: asked as Prometheus asks, bounded in time and in size. Redirects are not followed.

use std::{borrow::Cow, error::Error, io, time::Duration};

use bytes::Bytes;
use glyph_formats::content::Content;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::target::{ScrapeTarget, TargetError};
use crate::{
    capture::tls::{Trust, disbelief},
    exposition::{ExpositionError, Format},
    telemetry::tls,
};

/// OpenMetrics rather than the classic text, and that rather than anything else.
const ACCEPT: HeaderValue = HeaderValue::from_static(
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
     text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
);
const AGENT: HeaderValue = HeaderValue::from_static(concat!("glyph/", env!("CARGO_PKG_VERSION")));
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// How long we wait, for exporters that are asked to ask others.
const TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");
/// A target that keeps a thread for each connection is not to lose one to us between scrapes.
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How long an answer may be, packed or not.
const LONGEST: usize = 64 << 20;

/// Why a scrape failed.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    /// Nothing, or not all of it, came in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// Nobody listens there, or something broke off.
    #[error("{0}")]
    Http(String),
    /// The target could not show who it is.
    #[error("{0}")]
    Tls(String),
    /// The target answered with something else than its metrics.
    #[error("the answer is {status}{}", of_place(place))]
    Status {
        /// What it answered.
        status: StatusCode,
        /// Where it sent us.
        place: Option<String>,
    },
    /// There is more than anybody's metrics.
    #[error("the answer has more than {LONGEST} bytes")]
    TooLong,
    /// The answer is packed in a way that we don't undo.
    #[error("the answer can't be unpacked: {0}")]
    Coding(String),
    /// The answer is no text.
    #[error("the answer is not UTF-8")]
    NotText,
    /// The answer is no text of metrics.
    #[error(transparent)]
    Exposition(#[from] ExpositionError),
}

impl ScrapeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => {
                Some("--scrape-token @FILE, or --scrape-user with --scrape-password @FILE, says who asks")
            }
            Self::Status { place: Some(_), .. } => Some("redirects are not followed: name the place itself"),
            Self::Status { status: StatusCode::NOT_FOUND, .. } => {
                Some("the path may be another one: without one, /metrics is asked for")
            }
            Self::TimedOut(_) => Some(
                "--scrape-timeout gives it longer, up to the interval: a scrape ends before the next begins",
            ),
            Self::Exposition(_) => {
                Some("a browser or curl shows what stands there; metrics are OpenMetrics or Prometheus' text")
            }
            _ => None,
        }
    }
}

fn of_place(place: &Option<String>) -> String {
    place.as_ref().map(|place| format!(", to {place}")).unwrap_or_default()
}

/// Asks one target.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
}

impl Fetcher {
    pub(super) fn new(target: &ScrapeTarget) -> Result<Self, TargetError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config(target)?)
            .https_or_http()
            .enable_http1()
            .build();
        let mut headers = target.access().headers.clone();
        headers.extend([
            (header::ACCEPT, ACCEPT),
            (header::ACCEPT_ENCODING, GZIP),
            (header::USER_AGENT, AGENT),
            (header::CONNECTION, CLOSE),
        ]);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, uri: target.uri().clone(), headers })
    }

    /// The answer, whole.
    pub(super) async fn fetch(&self, limit: Duration) -> Result<Fetched, ScrapeError> {
        timeout(limit, self.ask(limit)).await.unwrap_or(Err(ScrapeError::TimedOut(limit)))
    }

    async fn ask(&self, limit: Duration) -> Result<Fetched, ScrapeError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().extend(self.headers.clone());
        if let Ok(seconds) = limit.as_secs_f64().to_string().parse() {
            request.headers_mut().insert(TIMEOUT, seconds);
        }
        let response = self.client.request(request).await.map_err(|e| of_connection(&e))?;
        if response.status() != StatusCode::OK {
            let place = text_of(&response, header::LOCATION).filter(|_| response.status().is_redirection());
            return Err(ScrapeError::Status { status: response.status(), place: place.map(str::to_owned) });
        }
        let format = Format::of_content_type(text_of(&response, header::CONTENT_TYPE).unwrap_or_default());
        let coding = text_of(&response, header::CONTENT_ENCODING).unwrap_or_default().to_owned();
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(|e| {
            if e.is::<LengthLimitError>() { ScrapeError::TooLong } else { ScrapeError::Http(chain(&*e)) }
        })?;
        Ok(Fetched { body: body.to_bytes(), coding, format })
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Fetched {
    body: Bytes,
    coding: String,
    format: Format,
}

impl Fetched {
    /// What it says. This is work.
    pub(super) fn text(self) -> Result<(String, Format), ScrapeError> {
        let bytes = match self.coding.is_empty() {
            true => self.body.into(),
            false => unpacked(&self.body, &self.coding)?,
        };
        let text = String::from_utf8(bytes).map_err(|_| ScrapeError::NotText)?;
        Ok((text, self.format))
    }
}

fn unpacked(body: &[u8], coding: &str) -> Result<Vec<u8>, ScrapeError> {
    let content = Content::decoded(Cow::Borrowed(body), coding, LONGEST);
    match content.fault {
        Some(fault) => Err(ScrapeError::Coding(fault)),
        None if content.cut && content.bytes.len() >= LONGEST => Err(ScrapeError::TooLong),
        None if content.cut => Err(ScrapeError::Coding(format!("{coding}: it ends before its end"))),
        None => Ok(content.bytes.into_owned()),
    }
}

/// How TLS is spoken with a target. One without needs no certificates.
fn config(target: &ScrapeTarget) -> Result<ClientConfig, TargetError> {
    let access = target.access();
    let own_files = access.ca.is_some() || access.client_cert.is_some();
    if own_files && !access.insecure_skip_verify {
        let client_cert = access.client_cert.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        return Ok(Trust::load(access.ca.as_deref())?.config(client_cert)?);
    }
    tls::client(&target.uri().to_string(), access.insecure_skip_verify)
        .map_err(|source| TargetError::Tls { target: target.to_string(), source })
}

fn text_of(response: &Response<Incoming>, name: HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn of_connection(error: &(dyn Error + 'static)) -> ScrapeError {
    match causes(error).find_map(of_tls) {
        Some(error) => ScrapeError::Tls(disbelief::of_library(error, "--scrape-ca")),
        None => ScrapeError::Http(chain(error)),
    }
}

/// The TLS library's word in an error of a connection, which may stand in more than one cover.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| inner.and_then(|inner| of_tls(inner)))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| error.source())
}

/// An error with its causes, but for those that say nothing.
fn chain(error: &(dyn Error + 'static)) -> String {
    let told = causes(error).map(ToString::to_string);
    let telling: Vec<_> = told.filter(|cause| cause != "client error (Connect)").collect();
    telling.join(": ")
}
