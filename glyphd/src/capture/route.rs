//! What is to be done with a request, from its head alone.

use http::{Method, Uri};

use super::failure::Failure;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Send it to that host.
    Forward { url: String, host: String, port: u16 },
    /// Connect to that host and copy bytes.
    Tunnel { authority: String, host: String, port: u16 },
}

/// Decides.
pub(super) fn route(method: &Method, uri: &Uri) -> Result<Route, Failure> {
    if method == Method::CONNECT {
        let authority = uri.authority().ok_or(Failure::BadTarget("CONNECT needs host:port"))?;
        let port = authority.port_u16().ok_or(Failure::BadTarget("CONNECT needs host:port"))?;
        return Ok(Route::Tunnel {
            authority: format!("{}:{port}", authority.host()),
            host: bare_host(authority.host()),
            port,
        });
    }
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(Failure::BadTarget("https:// goes through CONNECT")),
        Some(_) => return Err(Failure::BadTarget("this proxy forwards http:// only")),
        None => {
            return Err(Failure::BadTarget(
                "this is a forward proxy: it wants the whole URL in the request line (curl -x, http_proxy)",
            ));
        }
    }
    let host = uri.host().filter(|h| !h.is_empty()).ok_or(Failure::BadTarget("the URL has no host"))?;
    Ok(Route::Forward { url: uri.to_string(), host: bare_host(host), port: uri.port_u16().unwrap_or(80) })
}

/// An IPv6 address without its brackets.
fn bare_host(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(method: Method, uri: &str) -> Result<Route, Failure> {
        route(&method, &uri.parse().unwrap())
    }

    #[test]
    fn an_absolute_url_is_forwarded() {
        let want = |url: &str, host: &str, port| Route::Forward { url: url.into(), host: host.into(), port };
        assert_eq!(routed(Method::GET, "http://a.test/x?y"), Ok(want("http://a.test/x?y", "a.test", 80)));
        assert_eq!(routed(Method::PUT, "http://[::1]:81/"), Ok(want("http://[::1]:81/", "::1", 81)));
    }

    #[test]
    fn connect_is_tunnelled() {
        let want = Route::Tunnel { authority: "a.test:443".into(), host: "a.test".into(), port: 443 };
        assert_eq!(routed(Method::CONNECT, "a.test:443"), Ok(want));
        assert!(routed(Method::CONNECT, "a.test").is_err());
    }

    #[test]
    fn what_is_for_another_kind_of_server_is_refused() {
        for uri in ["/index.html", "https://a.test/", "ftp://a.test/"] {
            assert!(routed(Method::GET, uri).is_err(), "{uri}");
        }
    }
}
