//! One scrape over HTTP: asked as Prometheus asks, bounded in time and in size. Redirects are not followed.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;

use super::target::{ScrapeTarget, TargetError};
use crate::{
    exposition::{ExpositionError, Format},
    telemetry::tls,
};

/// OpenMetrics rather than the classic text, and that rather than anything else.
const ACCEPT: HeaderValue = HeaderValue::from_static(
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
);
const AGENT: HeaderValue = HeaderValue::from_static(concat!("glyphd/", env!("CARGO_PKG_VERSION")));
/// A target that keeps a thread for each connection is not to lose one to us between scrapes.
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How long an answer may be.
const LONGEST: usize = 64 << 20;

/// Why a scrape failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScrapeError {
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("{0}")]
    Http(String),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer has more than {LONGEST} bytes")]
    TooLong,
    #[error("the answer is not UTF-8")]
    NotText,
    #[error(transparent)]
    Exposition(#[from] ExpositionError),
}

/// Asks one target.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: Uri,
}

impl Fetcher {
    pub(super) fn new(target: &ScrapeTarget) -> Result<Self, TargetError> {
        let uri = target.uri().clone();
        let tls = tls::client(&uri.to_string(), false)
            .map_err(|source| TargetError::Tls { target: target.to_string(), source })?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), uri })
    }

    /// The answer, whole.
    pub(super) async fn fetch(&self, limit: Duration) -> Result<(String, Format), ScrapeError> {
        timeout(limit, self.ask()).await.unwrap_or(Err(ScrapeError::TimedOut(limit)))
    }

    async fn ask(&self) -> Result<(String, Format), ScrapeError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().extend([
            (header::ACCEPT, ACCEPT),
            (header::USER_AGENT, AGENT),
            (header::CONNECTION, CLOSE),
        ]);
        let response = self.client.request(request).await.map_err(|e| ScrapeError::Http(chain(&e)))?;
        if response.status() != StatusCode::OK {
            return Err(ScrapeError::Status(response.status()));
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let format = Format::of_content_type(kind.unwrap_or_default());
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(|e| {
            if e.is::<LengthLimitError>() { ScrapeError::TooLong } else { ScrapeError::Http(chain(&*e)) }
        })?;
        let text = String::from_utf8(body.to_bytes().into()).map_err(|_| ScrapeError::NotText)?;
        Ok((text, format))
    }
}

/// An error with its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
