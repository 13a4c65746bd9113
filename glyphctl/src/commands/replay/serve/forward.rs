//! What was not recorded, asked of a server: the one that is named, or the one that the request is for.

use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use glyphd::capture::tls::Trust;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, Version, header, uri::Scheme};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::output::failure::HintExt;

/// Headers that concern one connection.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A request's body: on its way, or here already.
pub(super) type Sent = Either<Incoming, Full<Bytes>>;

/// Where requests go.
#[derive(Debug, Clone)]
pub(super) enum Upstream {
    /// To that server, whatever they are for.
    Named(Uri),
    /// Where they were to go.
    Own,
}

/// Passes requests on.
pub(super) struct Forward {
    to: Upstream,
    pool: Client<HttpsConnector<HttpConnector>, Sent>,
    /// By which one of our own is known.
    via: HeaderValue,
}

/// The value of the flag.
pub(super) fn upstream(text: &str) -> Result<Upstream, String> {
    if text.is_empty() {
        return Ok(Upstream::Own);
    }
    let uri: Uri = text.parse().map_err(|e| format!("{e}; expected for example http://localhost:8000"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err("expected http:// or https://, for example http://localhost:8000".to_owned());
    }
    match uri.path() {
        "/" | "" if uri.query().is_none() => Ok(Upstream::Named(uri)),
        _ => Err("expected a URL without a path".to_owned()),
    }
}

impl Forward {
    pub(super) fn new(to: Upstream, trust: &Trust) -> anyhow::Result<Self> {
        let tls = trust.config(None)?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let pool = Client::builder(TokioExecutor::new()).build(connector);
        let via = format!("1.1 glyphctl-serve-{}", std::process::id());
        Ok(Self { to, pool, via: HeaderValue::from_str(&via)? })
    }

    /// Whether a request has come from here.
    pub(super) fn is_own(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::VIA).iter().any(|via| via == self.via)
    }

    /// Sends it. `scheme` and `authority`: where it is to go, as its client sees it.
    pub(super) async fn send(
        &self,
        mut request: Request<Sent>,
        scheme: Scheme,
        authority: Option<&str>,
    ) -> anyhow::Result<Response<Incoming>> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let uri = Uri::builder().path_and_query(target);
        let uri = match &self.to {
            Upstream::Named(base) => {
                let (scheme, authority) = (base.scheme_str(), base.authority().map(|a| a.as_str()));
                uri.scheme(scheme.unwrap_or("http")).authority(authority.unwrap_or_default())
            }
            Upstream::Own => {
                let named = authority.ok_or_else(|| anyhow!("the request names no host"))?;
                uri.scheme(scheme).authority(named)
            }
        };
        *request.uri_mut() = uri.build()?;
        *request.version_mut() = Version::HTTP_11;
        HOP_BY_HOP.iter().for_each(|name| drop(request.headers_mut().remove(name)));
        // It is made of the URL.
        request.headers_mut().remove(header::HOST);
        request.headers_mut().append(header::VIA, self.via.clone());
        let mut response = self.pool.request(request).await.map_err(|error| anyhow!(chain(&error)))?;
        HOP_BY_HOP.iter().for_each(|name| drop(response.headers_mut().remove(name)));
        *response.version_mut() = Version::HTTP_11;
        Ok(response)
    }
}

/// The error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Whom upstreams are believed by.
pub(super) fn trust(upstream_ca: Option<&Path>) -> anyhow::Result<Trust> {
    let trust = Trust::load(upstream_ca).context("--upstream-ca");
    trust.map_err(|error| error.hint("--upstream-ca takes a file with certificates in PEM"))
}
