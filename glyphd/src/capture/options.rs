//! What the proxy is told.

use std::{fmt, path::PathBuf, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri, uri::Scheme};
use rustls::pki_types::CertificateDer;

use super::scope::{Scope, TlsPolicy};

/// What the proxy is told.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureOptions {
    /// Whether requests tell the upstream of their trace.
    pub propagate: bool,
    /// Whose requests it takes.
    pub mode: Mode,
    /// The CA with which TLS is looked into; without one it is not.
    pub ca: Option<Ca>,
    /// Whose TLS is not looked into.
    pub tls: TlsPolicy,
    /// Which traffic is looked at.
    pub scope: Scope,
    /// Whom clients have to be, to use it.
    pub proxy_auth: Option<Credentials>,
    /// How upstreams are reached.
    pub upstream: UpstreamOptions,
    /// What nobody gets more of.
    pub limits: Limits,
}

/// A CA that signs for hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ca {
    /// The one in this directory, which is made if there is none.
    InDir(PathBuf),
    /// One of this run alone: its key is in memory, and nowhere else.
    OfThisRun,
}

/// Whose requests the proxy takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// Clients that know it as their proxy.
    #[default]
    Forward,
    /// Clients that take it for the server; all goes to that one.
    Reverse(Base),
}

/// A server behind a reverse proxy: `http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub(super) scheme: Scheme,
    pub(super) authority: http::uri::Authority,
    /// What stands before the path of each request; no slash at its end.
    pub(super) path: String,
}

/// Name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    basic: String,
}

/// How upstreams are reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpstreamOptions {
    /// The proxy to go through.
    pub proxy: Option<UpstreamProxy>,
    /// Certificates that are trusted beside the system's roots, PEM.
    pub ca: Option<PathBuf>,
    /// Certificates that are trusted, too, as far as they can be understood.
    pub more: Vec<CertificateDer<'static>>,
    /// The certificate and key that are shown to upstreams, PEM.
    pub client_cert: Option<(PathBuf, PathBuf)>,
}

/// Another proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamProxy {
    /// `http://host:port`.
    pub uri: Uri,
    /// Who we are there.
    pub credentials: Option<Credentials>,
}

/// What nobody gets more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Clients' connections at a time.
    pub connections: usize,
    /// The head of a message, in bytes.
    pub header_bytes: usize,
    /// How long a client may take for the head of a request, and for a handshake.
    pub header_timeout: Duration,
    /// How long a connection may stand still while somebody waits for it.
    pub idle_timeout: Duration,
    /// How long an upstream may take until its answer begins.
    pub request_timeout: Duration,
    /// How long connecting to an upstream may take.
    pub connect_timeout: Duration,
    /// For how many seconds a connection to an upstream has waited when the upstream may have closed it just now: what can be
    /// sent once more, if it comes to that, is kept from there on.
    pub rested: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_bytes: 64 << 10,
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(300),
            request_timeout: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(10),
            rested: Duration::from_secs(1),
        }
    }
}

impl Default for CaptureOptions {
    /// A forward proxy that tells the upstream of the trace, and does not look into TLS.
    fn default() -> Self {
        Self {
            propagate: true,
            mode: Mode::default(),
            ca: None,
            tls: TlsPolicy::default(),
            scope: Scope::default(),
            proxy_auth: None,
            upstream: UpstreamOptions::default(),
            limits: Limits::default(),
        }
    }
}

impl Credentials {
    /// Of `NAME:PASSWORD`.
    ///
    /// # Errors
    /// If there is no colon.
    pub fn of(pair: &str) -> Result<Self, &'static str> {
        match pair.contains(':') {
            true => Ok(Self { basic: format!("Basic {}", BASE64_STANDARD.encode(pair)) }),
            false => Err("expected NAME:PASSWORD"),
        }
    }

    /// As a header has it (RFC 7617).
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(&self.basic).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Base {
    /// Of `http://host:port/path` or `https://…`.
    ///
    /// # Errors
    /// If it is no such URL.
    pub fn of(url: &str) -> Result<Self, &'static str> {
        let parts =
            url.parse::<Uri>().map_err(|_| "expected http://HOST:PORT or https://HOST:PORT")?.into_parts();
        let scheme = parts.scheme.filter(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS);
        let scheme = scheme.ok_or("expected http:// or https://")?;
        let authority =
            parts.authority.filter(|a| !a.as_str().contains('@')).ok_or("expected a host, and no user")?;
        let path = parts.path_and_query.filter(|p| p.query().is_none()).ok_or("expected no query")?;
        Ok(Self { scheme, authority, path: path.path().trim_end_matches('/').to_owned() })
    }
}

impl UpstreamProxy {
    /// Of `http://host:port`.
    ///
    /// # Errors
    /// If it is no such URL.
    pub fn of(url: &str, credentials: Option<Credentials>) -> Result<Self, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "expected http://HOST:PORT")?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) if authority.as_str().contains('@') => {
                Err("credentials do not stand in the URL, where everybody on this machine can read them")
            }
            (Some("http"), Some(_)) if uri.path() == "/" && uri.query().is_none() => {
                Ok(Self { uri, credentials })
            }
            _ => Err("expected http://HOST:PORT"),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_servers_and_proxies_are_checked() {
        assert_eq!(Base::of("https://a.test/api/").unwrap().path, "/api");
        assert_eq!(Base::of("http://a.test:81").unwrap().path, "");
        for url in ["a.test", "ftp://a.test", "http://joe@a.test", "http://a.test/?x", "/x"] {
            assert!(Base::of(url).is_err(), "{url}");
        }
        assert!(UpstreamProxy::of("http://a.test:3128", None).is_ok());
        for url in ["https://a.test", "http://joe:pw@a.test", "http://a.test/x", "a.test:80"] {
            assert!(UpstreamProxy::of(url, None).is_err(), "{url}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials::of("joe:s3cr3t").unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials");
        assert_eq!(credentials.header().unwrap(), "Basic am9lOnMzY3IzdA==");
        assert!(Credentials::of("joe").is_err());
    }
}
