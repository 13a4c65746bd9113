//! What is to be done with a request, from its head alone.

use http::{
    HeaderMap, Method, Uri, header,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};

use super::{
    failure::Failure,
    host::{bare, bracketed, with_port},
    options::Base,
};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// Send it to where that URL leads.
    Forward(Destination),
    /// Connect to that host.
    Connect(End),
}

/// Where a tunnel is to lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) authority: String,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Route {
    /// The URL; for a tunnel `host:port`.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Forward(to) => to.url(),
            Self::Connect(to) => to.authority.clone(),
        }
    }

    pub(super) fn address(&self) -> (&str, u16) {
        match self {
            Self::Forward(to) => (to.host(), to.port),
            Self::Connect(to) => (&to.host, to.port),
        }
    }
}

/// Where a request is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) scheme: &'static str,
    /// The whole URL, as the client means it.
    pub(super) uri: Uri,
    pub(super) port: u16,
}

impl Destination {
    /// The URL: what its `Display` says, without asking each part how it is to be padded.
    pub(super) fn url(&self) -> String {
        let authority = self.uri.authority().map_or("", Authority::as_str);
        let path = self.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        [self.scheme, "://", authority, path].concat()
    }

    /// Without brackets.
    pub(super) fn host(&self) -> &str {
        bare(self.uri.host().unwrap_or_default())
    }
}

/// How a client came to us, and what its requests are therefore about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry<'a> {
    /// It knows us as its proxy.
    Proxy,
    /// It takes us for the server, which is behind us.
    Reverse(&'a Base),
    /// It has asked for a tunnel to that place, and we look into it.
    Within { scheme: &'static str, host: &'a str, port: u16 },
}

/// Decides.
pub(super) fn route(
    entry: Entry<'_>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Route, Failure> {
    match entry {
        Entry::Proxy if method == Method::CONNECT => connect(uri),
        _ if method == Method::CONNECT => Err(Failure::BadTarget("CONNECT is for forward proxies")),
        Entry::Proxy => forward(uri),
        Entry::Reverse(base) => {
            let path = path_of(uri);
            let path = match base.path.is_empty() {
                true => path,
                false => format!("{}{path}", base.path)
                    .parse()
                    .map_err(|_| Failure::BadTarget("the request's path is none"))?,
            };
            destination(base.scheme.clone(), base.authority.clone(), path)
        }
        Entry::Within { scheme, host, port } => {
            let authority = match (uri.authority(), headers.get(header::HOST)) {
                (Some(authority), _) => Some(authority.clone()),
                (None, Some(named)) => named.to_str().ok().and_then(|named| named.parse().ok()),
                (None, None) => None,
            };
            let authority = authority.or_else(|| own_authority(scheme, host, port));
            let authority = authority.ok_or(Failure::BadTarget("the request names no host"))?;
            let scheme = if scheme == "https" { Scheme::HTTPS } else { Scheme::HTTP };
            destination(scheme, authority, path_of(uri))
        }
    }
}

fn connect(uri: &Uri) -> Result<Route, Failure> {
    let authority = uri.authority().ok_or(Failure::BadTarget("CONNECT needs host:port"))?;
    let port = authority.port_u16().ok_or(Failure::BadTarget("CONNECT needs host:port"))?;
    let host = bare(authority.host()).to_owned();
    Ok(Route::Connect(End { authority: format!("{}:{port}", authority.host()), host, port }))
}

fn forward(uri: &Uri) -> Result<Route, Failure> {
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => return Err(Failure::BadTarget("this proxy forwards http:// and https:// only")),
        None => {
            return Err(Failure::BadTarget(
                "this is a forward proxy: it wants the whole URL in the request line (curl -x, http_proxy)",
            ));
        }
    }
    uri.host().filter(|h| !h.is_empty()).ok_or(Failure::BadTarget("the URL has no host"))?;
    let (scheme, port) = scheme_and_port(uri.scheme_str().unwrap_or_default());
    let port = uri.port_u16().unwrap_or(port);
    Ok(Route::Forward(Destination { scheme, uri: uri.clone(), port }))
}

/// `*` is asked of the server as a whole.
fn path_of(uri: &Uri) -> PathAndQuery {
    match uri.path_and_query() {
        Some(path) if path != "*" => path.clone(),
        _ => PathAndQuery::from_static("/"),
    }
}

fn destination(scheme: Scheme, authority: Authority, path: PathAndQuery) -> Result<Route, Failure> {
    let (name, port) = scheme_and_port(scheme.as_str());
    let port = authority.port_u16().unwrap_or(port);
    let mut parts = Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    let uri = Uri::from_parts(parts).map_err(|_| Failure::BadTarget("the request's path is none"))?;
    Ok(Route::Forward(Destination { scheme: name, uri, port }))
}

fn scheme_and_port(scheme: &str) -> (&'static str, u16) {
    if scheme == "https" { ("https", 443) } else { ("http", 80) }
}

/// The place itself, as a URL has it.
fn own_authority(scheme: &str, host: &str, port: u16) -> Option<Authority> {
    let is_default = port == scheme_and_port(scheme).1;
    if is_default { bracketed(host) } else { with_port(host, port) }.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(entry: Entry<'_>, method: Method, uri: &str) -> Result<Route, Failure> {
        route(entry, &method, &uri.parse().unwrap(), &HeaderMap::new())
    }

    fn to(url: &str, host: &str, port: u16) -> Result<Route, Failure> {
        let uri: Uri = url.parse().unwrap();
        let scheme = scheme_and_port(uri.scheme_str().unwrap()).0;
        let to = Destination { scheme, uri, port };
        assert_eq!(to.host(), host);
        Ok(Route::Forward(to))
    }

    #[test]
    fn an_absolute_url_is_forwarded() {
        for (url, host, port) in [
            ("http://a.test/x?y", "a.test", 80),
            ("http://[::1]:81/", "::1", 81),
            ("https://a.test/", "a.test", 443),
        ] {
            assert_eq!(routed(Entry::Proxy, Method::GET, url), to(url, host, port));
        }
    }

    #[test]
    fn connect_is_for_a_forward_proxy() {
        let want = Route::Connect(End { authority: "a.test:443".into(), host: "a.test".into(), port: 443 });
        assert_eq!(routed(Entry::Proxy, Method::CONNECT, "a.test:443"), Ok(want));
        assert!(routed(Entry::Proxy, Method::CONNECT, "a.test").is_err());
        let base = Base::of("http://b.test").unwrap();
        assert!(routed(Entry::Reverse(&base), Method::CONNECT, "a.test:443").is_err());
    }

    #[test]
    fn what_is_for_another_kind_of_server_is_refused() {
        for uri in ["/index.html", "ftp://a.test/"] {
            assert!(routed(Entry::Proxy, Method::GET, uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_reverse_proxy_asks_its_server_whatever_the_client_names() {
        let base = Base::of("https://b.test:8443/api/").unwrap();
        for uri in ["/x?y=1", "http://a.test/x?y=1"] {
            assert_eq!(
                routed(Entry::Reverse(&base), Method::GET, uri),
                to("https://b.test:8443/api/x?y=1", "b.test", 8443)
            );
        }
    }

    #[test]
    fn within_a_tunnel_requests_name_their_host_or_mean_its_end() {
        let within = Entry::Within { scheme: "https", host: "::1", port: 8443 };
        assert_eq!(routed(within, Method::GET, "/x"), to("https://[::1]:8443/x", "::1", 8443));
        let headers = HeaderMap::from_iter([(header::HOST, "c.test".parse().unwrap())]);
        assert_eq!(
            route(within, &Method::GET, &"/x".parse().unwrap(), &headers),
            to("https://c.test/x", "c.test", 443)
        );
        // HTTP/2 has it in the URL.
        assert_eq!(routed(within, Method::GET, "https://d.test/x"), to("https://d.test/x", "d.test", 443));
    }
}
