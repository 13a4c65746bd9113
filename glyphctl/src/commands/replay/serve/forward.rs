//! What was not recorded, asked of a server: the one that is named, or the one that the request is for.

use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use glyphd::capture::{
    headers::{for_client, for_upstream},
    tls::Trust,
};
use http::{HeaderMap, HeaderValue, Request, Response, Uri, Version, header, uri::Scheme};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::output::failure::HintExt;

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
        for_upstream(request.headers_mut());
        // It is made of the URL.
        request.headers_mut().remove(header::HOST);
        request.headers_mut().append(header::VIA, self.via.clone());
        let mut response = self.pool.request(request).await?;
        for_client(response.headers_mut());
        *response.version_mut() = Version::HTTP_11;
        Ok(response)
    }
}

/// Whom upstreams are believed by.
pub(super) fn trust(upstream_ca: Option<&Path>) -> anyhow::Result<Trust> {
    let trust = Trust::load(upstream_ca).context("--upstream-ca");
    trust.map_err(|error| error.hint("--upstream-ca takes a file with certificates in PEM"))
}
