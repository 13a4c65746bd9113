//! Where a URL leads: read once, as browsers read it, so that what is judged is what is connected to.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use super::Denied;

/// The longest that a URL may be, in bytes.
const LONGEST: usize = 8 << 10;

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    /// A name in lower case without a dot at its end, or an address without brackets.
    pub(crate) host: String,
    /// The address that the host is, if it is one.
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u16,
}

impl Origin {
    /// The origin of a flow, by its record; none for a tunnel. `host`: a name, or an address with brackets or without.
    pub(crate) fn of_parts(scheme: &str, host: &str, port: u16) -> Option<Self> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
        Target::parse(&format!("{scheme}://{host}:{port}/")).ok().map(|target| target.origin)
    }

    /// What stands between the scheme and the path.
    pub(crate) fn authority(&self) -> String {
        let host = match self.address {
            Some(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        };
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

/// A URL that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// Path and query.
    pub(crate) path: String,
    url: Url,
}

impl Target {
    /// Of an absolute URL.
    pub(crate) fn parse(text: &str) -> Result<Self, Denied> {
        fits(text)?;
        Self::of(Url::parse(text).map_err(|e| Denied::Url(e.to_string()))?)
    }

    /// Where a redirect leads from here. A fragment is nobody's business.
    pub(crate) fn join(&self, location: &str) -> Result<Self, Denied> {
        fits(location)?;
        Self::of(self.url.join(location).map_err(|e| Denied::Url(e.to_string()))?)
    }

    fn of(mut url: Url) -> Result<Self, Denied> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(Denied::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::Url("a user's name does not belong into a URL".to_owned()));
        }
        let no_host = || Denied::Url("there is no host that could be".to_owned());
        let (host, address) = match url.host().ok_or_else(no_host)? {
            Host::Domain(domain) => (name(domain).ok_or_else(no_host)?, None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        let port = url.port().unwrap_or(scheme.port());
        if port == 0 {
            return Err(Denied::Url("nobody is at port 0".to_owned()));
        }
        url.set_fragment(None);
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        Ok(Self { origin: Origin { scheme, host, address, port }, path, url })
    }
}

impl fmt::Display for Target {
    /// The URL, without a fragment and without a dot at the host's end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

fn fits(url: &str) -> Result<(), Denied> {
    if url.len() <= LONGEST { Ok(()) } else { Err(Denied::Url(format!("it has more than {LONGEST} bytes"))) }
}

/// A host's name as it is compared: in lower case and ASCII, without a dot at its end. None if it is no name, or an
/// address.
pub(super) fn name(text: &str) -> Option<String> {
    let Ok(Host::Domain(domain)) = Host::parse(text) else { return None };
    let domain = domain.strip_suffix('.').unwrap_or(&domain);
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    (domain.len() <= 253 && domain.split('.').all(fits)).then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for (url, origin) in [
            ("http://Example.COM./a?b#c", "http://example.com"),
            ("https://example.com:443/", "https://example.com"),
            ("http://example.com:443/", "http://example.com:443"),
            ("http://bücher.example/", "http://xn--bcher-kva.example"),
            ("http://localhost./", "http://localhost"),
            ("http://127.0.0.1./", "http://127.0.0.1"),
            ("http://0x7f.1/", "http://127.0.0.1"),
            ("http://0x7f.1./", "http://127.0.0.1"),
            ("http://017700000001/", "http://127.0.0.1"),
            ("http://2130706433/", "http://127.0.0.1"),
            ("http://127.1/", "http://127.0.0.1"),
            ("http://0/", "http://0.0.0.0"),
            ("http://１２７。０。０。１/", "http://127.0.0.1"),
            ("http://[::ffff:10.0.0.1]/", "http://[::ffff:10.0.0.1]"),
            ("http://[0:0:0:0:0:FFFF:0a00:0001]:81/", "http://[::ffff:10.0.0.1]:81"),
            ("http:\\\\evil.example\\@good.example", "http://evil.example"),
            ("http:evil.example", "http://evil.example"),
            ("http://a.example%2f.evil.example/", "-"),
            ("http://%31%32%37.0.0.1/", "http://127.0.0.1"),
        ] {
            let found = Target::parse(url).map_or_else(|_| "-".to_owned(), |t| t.origin.to_string());
            assert_eq!(found, origin, "{url}");
        }
        let target = Target::parse("http://a.example./x?y=1#z").unwrap();
        assert_eq!((target.path.as_str(), target.to_string().as_str()), ("/x?y=1", "http://a.example/x?y=1"));
    }

    #[test]
    fn what_leads_nowhere_is_denied() {
        for (url, reason) in [
            ("", "url"),
            ("/path", "url"),
            ("http://", "url"),
            ("http://a..b/", "url"),
            ("http://./", "url"),
            ("http://a b/", "url"),
            ("http://1.2.3.4.5/", "url"),
            ("http://0x7g.1/", "url"),
            ("http://256.1.1.1/", "url"),
            ("http://[::1%25eth0]/", "url"),
            ("http://[::1", "url"),
            ("http://user@a.example/", "url"),
            ("http://:password@a.example/", "url"),
            ("http://a.example:0/", "url"),
            ("http://a.example:65536/", "url"),
            ("http://aé!.example/", "url"),
            ("ftp://a.example/", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("gopher://a.example/", "scheme"),
            ("javascript:alert(1)", "scheme"),
            ("unix:/run/docker.sock", "scheme"),
            ("ws://a.example/", "scheme"),
        ] {
            assert_eq!(Target::parse(url).map(|t| t.to_string()).unwrap_err().reason(), reason, "{url}");
        }
        let long = format!("http://a.example/{}", "x".repeat(LONGEST));
        assert_eq!(Target::parse(&long).unwrap_err().reason(), "url");
    }

    #[test]
    fn a_flows_origin_is_that_of_its_url() {
        for (scheme, host, port, origin) in [
            ("https", "A.example.", 443, Some("https://a.example")),
            ("http", "::1", 8080, Some("http://[::1]:8080")),
            ("http", "[::1]", 80, Some("http://[::1]")),
            ("http", "127.1", 80, Some("http://127.0.0.1")),
            ("", "a.example", 443, None),
            ("tunnel", "a.example", 443, None),
        ] {
            let found = Origin::of_parts(scheme, host, port).map(|origin| origin.to_string());
            assert_eq!(found.as_deref(), origin);
        }
    }

    #[test]
    fn a_redirect_leads_on_from_where_it_came() {
        let from = Target::parse("https://a.example/b/c?d").unwrap();
        for (location, url) in [
            ("/e", "https://a.example/e"),
            ("e#f", "https://a.example/b/e"),
            ("//b.example", "https://b.example/"),
            ("http://a.example./", "http://a.example/"),
            ("?e", "https://a.example/b/c?e"),
        ] {
            assert_eq!(from.join(location).unwrap().to_string(), url);
        }
        assert_eq!(from.join("file:///etc/passwd").unwrap_err().reason(), "scheme");
    }
}
