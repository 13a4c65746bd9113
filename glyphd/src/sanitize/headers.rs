//! Headers: credentials keep their scheme, cookies their names.

use http::{HeaderMap, HeaderName, header};

use super::{Found, rules, url};

/// Names and values in their order, secrets replaced.
pub(super) fn sanitize(headers: &HeaderMap, found: &mut Found<'_>) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), sanitize_value(name, &text(value.as_bytes()), found)))
        .collect()
}

fn sanitize_value(name: &HeaderName, value: &str, found: &mut Found<'_>) -> String {
    if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
        found.add("header", format_args!("headers.{name}"));
        return match value.split_once(' ') {
            Some((scheme, secret)) => format!("{scheme} {}", found.token(secret)),
            None => found.token(value),
        };
    }
    if *name == header::COOKIE {
        found.add("cookie", format_args!("headers.{name}"));
        return value.split(';').map(|c| cookie(c, found)).collect::<Vec<_>>().join(";");
    }
    if *name == header::SET_COOKIE {
        found.add("cookie", format_args!("headers.{name}"));
        return match value.split_once(';') {
            Some((first, attributes)) => format!("{};{attributes}", cookie(first, found)),
            None => cookie(value, found),
        };
    }
    if rules::is_secret_header(name.as_str()) {
        found.add("header", format_args!("headers.{name}"));
        return found.token(value);
    }
    if [header::LOCATION, header::REFERER, header::CONTENT_LOCATION].contains(name) {
        return url::sanitize(value, found).into_owned();
    }
    value.to_owned()
}

/// `name=value`, the value replaced; a cookie without a name is a value.
fn cookie(pair: &str, found: &mut Found<'_>) -> String {
    match pair.split_once('=') {
        Some((_, "")) => pair.to_owned(),
        Some((name, value)) => format!("{name}={}", found.token(value)),
        None if pair.trim().is_empty() => pair.to_owned(),
        None => found.token(pair),
    }
}

/// UTF-8 as it is, anything else as Latin-1.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::sanitize::Tokens;

    fn one(name: &'static str, value: &str) -> (String, usize) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let tokens = Tokens::with_random_key();
        let mut found = Found::new(&tokens, "request");
        let clean = sanitize(&headers, &mut found).remove(0).1;
        (clean, found.redactions.len())
    }

    #[test]
    fn credentials_keep_their_scheme_and_cookies_their_names() {
        for (name, value, start) in [
            ("authorization", "Bearer s3cret", "Bearer glyph-redacted-"),
            ("proxy-authorization", "Basic s3cret=", "Basic glyph-redacted-"),
            ("x-api-key", "s3cret", "glyph-redacted-"),
            ("set-cookie", "sid=s3cret; HttpOnly; Path=/", "sid=glyph-redacted-"),
            ("location", "http://a.test/?token=s3cret", "http://a.test/?token=glyph-redacted-"),
        ] {
            let (clean, redactions) = one(name, value);
            assert!(clean.starts_with(start) && !clean.contains("s3cret"), "{name}: {clean}");
            assert_eq!(redactions, 1, "{name}");
        }
        let (clean, _) = one("cookie", "a=s3cret; b=s3cret; c=");
        let values: Vec<_> = clean.split("; ").map(|c| c.split_once('=').unwrap()).collect();
        assert_eq!((values[0].0, values[1].0, values[2]), ("a", "b", ("c", "")));
        assert_eq!(values[0].1, values[1].1, "equal secrets stay equal");
        assert!(one("set-cookie", "sid=s3cret; HttpOnly; Path=/").0.ends_with("; HttpOnly; Path=/"));
    }

    #[test]
    fn ordinary_headers_stay() {
        for (name, value) in
            [("accept", "*/*"), ("etag", "\"abc\""), ("x-request-id", "5f2c"), ("x-latin", "caf\u{e9}")]
        {
            assert_eq!(one(name, value), (value.to_owned(), 0));
        }
    }
}
