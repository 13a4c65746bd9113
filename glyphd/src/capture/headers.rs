//! Headers that concern one connection and are not passed on: RFC 9110, 7.6.1. `Trailer` is not among them.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CONNECTION, CONTENT_LENGTH, COOKIE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING,
        UPGRADE,
    },
};

static HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Makes a request's headers those of our own connection. We do take trailers, so that the upstream is told if the
/// client does.
pub fn for_upstream(headers: &mut HeaderMap) {
    let trailers = lists(headers, TE).any(|coding| coding.eq_ignore_ascii_case("trailers"));
    remove_hop_by_hop(headers);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("TE"));
    }
    one_length(headers);
    one_cookie(headers);
}

/// Makes an answer's headers those of the client's connection.
pub fn for_client(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    one_length(headers);
}

/// Lengths that are equal, which hyper has seen to, become one: a list of them is none for everybody (RFC 9112, 6.3).
fn one_length(headers: &mut HeaderMap) {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let (Some(first), second) = (values.next(), values.next()) else { return };
    if second.is_none() && !first.as_bytes().contains(&b',') {
        return;
    }
    let length = lists(headers, CONTENT_LENGTH).next().and_then(|one| HeaderValue::from_str(one).ok());
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length);
    }
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
    // Most messages have none of them.
    let there: Vec<HeaderName> = headers.keys().filter(|name| HOP_BY_HOP.contains(name)).cloned().collect();
    if there.is_empty() {
        return;
    }
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
