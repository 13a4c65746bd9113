//! Headers that concern one connection and are not passed on: RFC 9110, 7.6.1. `Trailer` is not among them.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, COOKIE, TE},
};

use super::framing;

/// Makes a request's headers those of our own connection. We do take trailers, so that the upstream is told if the
/// client does.
pub fn for_upstream(headers: &mut HeaderMap) {
    let found = Found::of(headers);
    let trailers = found.codings && lists(headers, TE).any(|coding| coding.eq_ignore_ascii_case("trailers"));
    found.make_ours(headers);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("TE"));
    }
    if found.cookies > 1 {
        one_cookie(headers);
    }
}

/// Makes an answer's headers those of the client's connection.
pub fn for_client(headers: &mut HeaderMap) {
    Found::of(headers).make_ours(headers);
}

/// What a message has of the headers that are not passed on as they came: found with one look, since most have none.
#[derive(Debug, Default)]
struct Found {
    hop_by_hop: bool,
    /// Of which one says what codings are taken.
    codings: bool,
    chunks: bool,
    lengths: usize,
    cookies: usize,
}

impl Found {
    fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            let name = name.as_str();
            match name {
                "content-length" => found.lengths += value.as_bytes().split(|b| *b == b',').count(),
                "cookie" => found.cookies += 1,
                "te" => found.codings = true,
                "transfer-encoding" => found.chunks = true,
                _ => {}
            }
            found.hop_by_hop |= is_hop_by_hop(name);
        }
        found
    }

    fn make_ours(&self, headers: &mut HeaderMap) {
        if self.lengths > 1 || (self.lengths == 1 && self.chunks) {
            framing::settle(headers);
        }
        if self.hop_by_hop {
            remove_hop_by_hop(headers);
        }
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// HTTP/2 may send each cookie by itself (RFC 9113, 8.2.3), which HTTP/1.1 may not.
pub fn one_cookie(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let all: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(one) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(COOKIE, one);
    }
}

/// Takes them out, and those that `Connection` names.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let there: Vec<HeaderName> =
        headers.keys().filter(|name| is_hop_by_hop(name.as_str())).cloned().collect();
    let named: Vec<HeaderName> = lists(headers, CONNECTION).filter_map(|name| name.parse().ok()).collect();
    for name in named.iter().chain(&there) {
        headers.remove(name);
    }
}

/// The items of a header whose value is a list.
pub(super) fn lists(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connection_names_goes_too() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("x-end", "2"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-end"]);
    }
}
