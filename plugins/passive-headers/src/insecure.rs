//! Which URLs go without TLS where that matters.

use url::{Host, Url};

/// Whether browsers take it for insecure: a server on the same machine is not.
pub(crate) fn is_insecure(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str) -> bool {
        is_insecure(&Url::parse(url).unwrap())
    }

    #[test]
    fn plain_http_to_another_machine_is_insecure() {
        for url in ["http://a.test/", "http://localhost.test/", "http://127.a.test/", "http://192.168.0.1/"] {
            assert!(told(url), "{url}");
        }
        for url in [
            "https://a.test/",
            "ftp://a.test/",
            "http://localhost:8080/",
            "http://localhost./",
            "http://app.localhost/",
            "http://127.1/",
            "http://[::1]/",
        ] {
            assert!(!told(url), "{url}");
        }
    }
}
