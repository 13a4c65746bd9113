//! Where a request went, from its URL.

use url::Url;

use super::Target;
use crate::flow::Request;

impl Target {
    /// Of a URL of HTTP; those of WebSockets are what they began as. None if it is another's, or none.
    pub(super) fn of(url: &str) -> Option<Self> {
        let url = url.split('#').next().unwrap_or_default().trim();
        let (scheme, rest) = url.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => "http",
            "https" | "wss" => "https",
            _ => return None,
        };
        let parsed = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        let host = parsed.host_str()?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        let port = parsed.port_or_known_default()?;
        // As it was written, if a request can be sent so.
        let is_plain = rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
        let url = match is_plain && rest.find(['/', '?']).is_some_and(|at| rest[at..].starts_with('/')) {
            true => format!("{scheme}://{rest}"),
            false => parsed.into(),
        };
        Some(Self { url, scheme: scheme.to_owned(), host, port })
    }

    /// What a request's own URL does not say of it.
    pub(super) fn beside(request: &Request) -> Option<Self> {
        let whole = Self {
            url: request.url.clone(),
            scheme: request.scheme.clone(),
            host: request.host.clone(),
            port: request.port,
        };
        (Self::of(&request.url).as_ref() != Some(&whole)).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_http_say_where_a_request_went() {
        let target = |url: &str| Target::of(url).map(|t| (t.url, t.host, t.port));
        let is = |url: &str, host: &str, port| Some((url.to_owned(), host.to_owned(), port));
        assert_eq!(target("http://a.test/x?y=%7e#z"), is("http://a.test/x?y=%7e", "a.test", 80));
        assert_eq!(target("HTTPS://A.test:8443"), is("https://a.test:8443/", "a.test", 8443));
        assert_eq!(target("wss://a.test/chat"), is("https://a.test/chat", "a.test", 443));
        assert_eq!(target("http://[::1]:81/"), is("http://[::1]:81/", "::1", 81));
        assert_eq!(target("http://a.test/a b/\u{fc}"), is("http://a.test/a%20b/%C3%BC", "a.test", 80));
        assert_eq!(target("http://a.test?x=/"), is("http://a.test/?x=/", "a.test", 80));
        for url in
            ["data:text/plain,x", "blob:http://a.test/1", "chrome-extension://abc/x", "/x", "", "http://"]
        {
            assert_eq!(target(url), None, "{url}");
        }
    }
}
