//! Where requests go.

use std::{fmt, str::FromStr};

use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};

/// A server: `http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Target {
    pub(in super::super) scheme: Scheme,
    pub(in super::super) authority: Authority,
    /// What stands before the path of each request; no slash at its end.
    prefix: String,
}

impl Target {
    /// Without brackets.
    pub(in super::super) fn host(&self) -> &str {
        let host = self.authority.host();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    pub(in super::super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    pub(in super::super) fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The way to what a recorded URL names there.
    pub(super) fn path(&self, url: &str) -> Option<PathAndQuery> {
        let rest = url.split_once("://")?.1;
        let rest = rest.split('#').next().unwrap_or_default();
        let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
        let slash = if path.starts_with('/') { "" } else { "/" };
        encoded(&format!("{}{slash}{path}", self.prefix)).parse().ok()
    }
}

/// Without what no URL has.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'"' | b'<' | b'>' | b'`') => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let parts = url.parse::<Uri>().map_err(|_| "expected http://HOST:PORT or https://HOST:PORT")?;
        let parts = parts.into_parts();
        let scheme = parts.scheme.filter(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS);
        let scheme = scheme.ok_or("expected http:// or https://")?;
        let authority = parts.authority.ok_or("expected a host")?;
        if authority.as_str().contains('@') {
            return Err("a secret in a flag can be seen by others; --secret-env takes it from a variable");
        }
        let path = parts.path_and_query.filter(|p| p.query().is_none()).ok_or("expected no query")?;
        Ok(Self { scheme, authority, prefix: path.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_and_comes_after_the_targets() {
        let target: Target = "https://b.test:8443/v2/".parse().unwrap();
        assert_eq!((target.host(), target.port(), target.is_tls()), ("b.test", 8443, true));
        for (url, path) in [
            ("http://a.test/x?y=1#z", "/v2/x?y=1"),
            ("http://a.test", "/v2/"),
            ("http://a.test?y", "/v2/?y"),
            ("http://a.test/a b/\u{e9}\"", "/v2/a%20b/%C3%A9%22"),
            ("http://a.test/%2e/../{}|", "/v2/%2e/../{}|"),
        ] {
            assert_eq!(target.path(url).unwrap(), path, "{url}");
        }
        let target: Target = "http://[::1]:81".parse().unwrap();
        assert_eq!((target.host(), target.path("http://a.test/").unwrap().as_str()), ("::1", "/"));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for url in ["b.test", "ftp://b.test", "http://joe:pw@b.test", "http://b.test/?x", "/x"] {
            assert!(url.parse::<Target>().is_err(), "{url}");
        }
    }
}
