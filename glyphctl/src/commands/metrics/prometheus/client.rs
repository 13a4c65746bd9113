//! One request over HTTP: bounded in time and size, redirects not followed.

use std::{error::Error, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use bytes::Bytes;
use glyph_analysis::metrics::api::ApiError;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

use crate::output::failure::HintExt;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("glyphctl/", env!("CARGO_PKG_VERSION")));
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// How long an answer may be.
const LONGEST: usize = 256 << 20;
/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Asks one server.
pub(super) struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    headers: HeaderMap,
}

/// Why a server did not give what it was asked for.
pub(super) enum Refused {
    /// In its own words.
    Said(ApiError),
    /// The answer would be longer than we take.
    TooLong,
    Status(StatusCode),
}

/// A URL as a flag: of a server, without secrets and without a slash at its end.
pub(super) fn base(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|e| format!("{e}; expected for example http://localhost:9090"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err("expected http:// or https://, for example http://localhost:9090".to_owned());
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err(
            "a secret in a flag can be seen by others; --prometheus-user and --prometheus-password @FILE \
                    take it"
                .to_owned(),
        );
    }
    if uri.query().is_some() {
        return Err("expected a URL without a query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

impl Client {
    pub(super) fn new(base: &str, headers: HeaderMap) -> anyhow::Result<Self> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        // A machine without certificates can speak to a server without TLS.
        let tls = if base.starts_with("https:") {
            builder.with_native_roots().context("the certificates of this machine can't be read")?
        } else {
            builder.with_root_certificates(RootCertStore::empty())
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            base: base.to_owned(),
            headers,
        })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Posts a form to a path below `/api/v1`; gives the answer's body, whatever it says.
    pub(super) async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> anyhow::Result<Result<Bytes, Refused>> {
        let url = format!("{}/api/v1/{path}", self.base);
        let asked = timeout(LIMIT, self.ask(&url, form)).await;
        asked.unwrap_or_else(|_| Err(anyhow!("no answer within {LIMIT:?}"))).context(url)
    }

    async fn ask(&self, url: &str, form: &[(&str, &str)]) -> anyhow::Result<Result<Bytes, Refused>> {
        let mut request = Request::new(Full::new(Bytes::from(encoded(form))));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = url.parse()?;
        request.headers_mut().extend(self.headers.clone());
        request.headers_mut().extend([(header::CONTENT_TYPE, FORM), (header::USER_AGENT, AGENT)]);
        let response = self.pool.request(request).await.map_err(|e| anyhow!(chain(&e)))?;
        let status = response.status();
        let body = match Limited::new(response.into_body(), LONGEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(e) if e.is::<LengthLimitError>() => return Ok(Err(Refused::TooLong)),
            Err(e) => return Err(anyhow!(chain(&*e))),
        };
        // What the API itself says of an error is more than the number.
        let is_json = body.trim_ascii_start().starts_with(b"{");
        Ok(if status.is_success() || is_json { Ok(body) } else { Err(Refused::Status(status)) })
    }
}

impl Refused {
    pub(super) fn of(error: ApiError) -> Self {
        Self::Said(error)
    }

    /// Whether less might be given.
    pub(super) fn is_too_much(&self) -> bool {
        match self {
            Self::TooLong => true,
            Self::Said(ApiError::Refused { text, .. }) => {
                let text = text.to_ascii_lowercase();
                ["too many samples", "too many points", "limit", "exceed", "maxsamples"]
                    .iter()
                    .any(|words| text.contains(words))
            }
            Self::Said(_) | Self::Status(_) => false,
        }
    }

    pub(super) fn into_error(self) -> anyhow::Error {
        match self {
            Self::Said(error) => anyhow::Error::new(error),
            Self::TooLong => anyhow!("the answer has more than {LONGEST} bytes"),
            Self::Status(status) => anyhow!("the answer is {status}").maybe_hint(match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Some("--prometheus-token, --prometheus-user and --prometheus-headers take credentials")
                }
                StatusCode::NOT_FOUND => Some(
                    "the URL is what stands before /api/v1, for example https://host/select/0/prometheus",
                ),
                _ => None,
            }),
        }
    }
}

/// A form's fields as a body.
fn encoded(form: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        let mut out = String::with_capacity(text.len() * 3);
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    };
    let fields: Vec<_> = form.iter().map(|(name, value)| format!("{}={}", name, escaped(value))).collect();
    fields.join("&")
}

/// An error with its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    anyhow::Chain::new(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_secrets() {
        assert_eq!(base("http://h:9090/").as_deref(), Ok("http://h:9090"));
        assert_eq!(base("https://h/select/0/prometheus").as_deref(), Ok("https://h/select/0/prometheus"));
        for wrong in ["h:9090", "ftp://h", "http://a:b@h", "http://h/?a=b", "http://", ""] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forms_are_encoded() {
        assert_eq!(
            encoded(&[("query", "a{b=\"ü\"}[1ms]"), ("time", "1.5")]),
            "query=a%7Bb%3D%22%C3%BC%22%7D%5B1ms%5D&time=1.5"
        );
    }
}
