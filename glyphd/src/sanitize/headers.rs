//! Headers: credentials keep their scheme, cookies their names. What a message's headers say of its body is made to fit
//! the body that is stored.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};

use super::{
    body::Stored,
    content,
    find::{self, Document, Place},
    found::Found,
    rules::{In, looks_random},
};

/// Names and values in their order, secrets replaced.
pub(super) fn sanitize(headers: &HeaderMap, found: &mut Found<'_>) -> Vec<(String, String)> {
    // Who finds it in use does without.
    let mut memo = found.sanitizer.memo.try_lock().ok();
    let clean = |(name, value): (&HeaderName, &http::HeaderValue)| {
        let value = text(value.as_bytes());
        let clean = match &mut memo {
            _ if is_plain(name) => None,
            Some(memo) => memo.clean(name, &value, found, |found| sanitize_value(name, &value, found)),
            None => sanitize_value(name, &value, found),
        };
        (name.as_str().to_owned(), clean.unwrap_or_else(|| value.into_owned()))
    };
    headers.iter().map(clean).collect()
}

/// As they passed.
pub(super) fn unredacted(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()).into_owned()))
        .collect()
}

/// A token is no longer than that.
const TOKEN: usize = 32;

/// Headers in which nobody puts anything of their own.
fn is_plain(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "accept-encoding"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "date"
            | "host"
            | "transfer-encoding"
    )
}

/// None if nothing is to be replaced.
pub(super) fn sanitize_value(name: &HeaderName, value: &str, found: &mut Found<'_>) -> Option<String> {
    let rules = &found.sanitizer.rules;
    if *name == header::COOKIE || *name == header::SET_COOKIE {
        let (pairs, attributes) = match value.split_once(';') {
            Some((first, attributes)) if *name == header::SET_COOKIE => (first, Some(attributes)),
            _ => (value, None),
        };
        let mut clean = String::with_capacity(value.len() + TOKEN);
        for pair in pairs.split(';') {
            cookie(name, pair, found, &mut clean);
            clean.push(';');
        }
        match attributes {
            Some(attributes) => clean.push_str(attributes),
            None => clean.truncate(clean.len() - 1),
        }
        return Some(clean);
    }
    if *name == header::SEC_WEBSOCKET_PROTOCOL {
        return protocols(name, value, found);
    }
    if rules.is_secret(name.as_str(), value, In::Header) {
        let secret = match value.split_once(' ') {
            Some((scheme, secret)) if is_authorization(name) && !scheme.contains('=') => {
                return rules.may_be_secret(secret).then(|| {
                    found.add("header", &["headers.", name.as_str()]);
                    let mut clean = String::with_capacity(value.len() + TOKEN);
                    clean.push_str(&value[..=scheme.len()]);
                    found.token(secret).push_to(&mut clean);
                    clean
                });
            }
            _ => value,
        };
        found.add("header", &["headers.", name.as_str()]);
        return Some(found.token(secret).to_string());
    }
    if [header::LOCATION, header::REFERER, header::CONTENT_LOCATION].contains(name) {
        return replaced(name, value, Document::Url, found);
    }
    replaced(name, value, Document::Text, found)
}

fn replaced(name: &HeaderName, value: &str, document: Document<'_>, found: &mut Found<'_>) -> Option<String> {
    let clean = find::replace(value, document, Place::header(name.as_str()), usize::MAX, found);
    clean.redacted.then(|| clean.text.into_owned())
}

/// Names of protocols, among which a page puts its token, since a browser lets it send no other header with a WebSocket:
/// `access_token, TOKEN`, or `base64url.bearer.authorization.k8s.io.TOKEN`.
fn protocols(name: &HeaderName, value: &str, found: &mut Found<'_>) -> Option<String> {
    let clean = replaced(name, value, Document::Text, found);
    let items: Vec<_> = clean.as_deref().unwrap_or(value).split(',').map(str::trim).collect();
    let rules = &found.sanitizer.rules;
    let mut changed = clean.is_some();
    let mut before = "";
    let mut kept = Vec::with_capacity(items.len());
    for item in &items {
        let named = before.eq_ignore_ascii_case("bearer") || rules.is_secret(before, item, In::Header);
        let from = if named { Some(0) } else { drawn(item) };
        before = item;
        kept.push(match from.map(|from| item.split_at(from)) {
            Some((protocol, secret)) if rules.may_be_secret(secret) => {
                changed = true;
                found.add("header", &["headers.", name.as_str()]);
                format!("{protocol}{}", found.token(secret))
            }
            _ => (*item).to_owned(),
        });
    }
    changed.then(|| kept.join(", "))
}

/// Where in a protocol's name a part begins that no one has thought up, as `actioncable-v1-json` was.
fn drawn(protocol: &str) -> Option<usize> {
    let mut at = 0;
    for part in protocol.split('.') {
        let is_mixed =
            part.bytes().any(|b| b.is_ascii_uppercase()) && part.bytes().any(|b| b.is_ascii_lowercase());
        if looks_random(part) && (is_mixed || !part.contains('-')) {
            return Some(at);
        }
        at += part.len() + 1;
    }
    None
}

fn is_authorization(name: &HeaderName) -> bool {
    name.as_str().ends_with("authorization")
}

/// `name=value`, the value replaced; a cookie without a name is a value.
fn cookie(header: &HeaderName, pair: &str, found: &mut Found<'_>, clean: &mut String) {
    let (name, value) = pair.split_once('=').map_or(("", pair), |(name, value)| (name, value));
    let bare = value.trim();
    if bare.is_empty() || !found.sanitizer.rules.is_secret_cookie(name.trim(), bare) {
        return clean.push_str(pair);
    }
    found.add("cookie", &["headers.", header.as_str()]);
    clean.push_str(&pair[..pair.len() - value.trim_start().len()]);
    found.token(bare).push_to(clean);
}

/// Makes what the headers say of the body true for the one that is stored.
pub(super) fn fit(headers: &mut Vec<(String, String)>, stored: &Stored, found: &mut Found<'_>) {
    let body = &stored.body;
    let Some(text) = &body.utf8 else { return };
    if !body.content_encoding.is_empty() {
        headers.retain(|(name, _)| name != header::CONTENT_ENCODING.as_str());
    }
    for (name, value) in headers {
        match name.as_str() {
            "content-length" if stored.changed || body.size != text.len() as u64 => {
                *value = text.len().to_string()
            }
            "content-type" if body.charset.is_some() => *value = with_utf8(value),
            // Of what passed, secrets included, and with no key.
            "content-md5"
            | "digest"
            | "content-digest"
            | "repr-digest"
            | "x-amz-content-sha256"
            | "x-goog-hash"
                if body.redacted && found.sanitizer.rules.may_be_secret(value) =>
            {
                found.add("digest", &["headers.", name.as_str()]);
                *value = found.token(value).to_string();
            }
            _ => {}
        }
    }
}

fn with_utf8(content_type: &str) -> String {
    let is_charset = |part: &&str| content::parameter(&format!(";{part}"), "charset").is_some();
    let parts = content_type.split(';').filter(|part| !is_charset(part));
    parts.chain([" charset=utf-8"]).collect::<Vec<_>>().join(";")
}

/// UTF-8 as it is, anything else as Latin-1.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::sanitize::Sanitizer;

    fn one(name: &'static str, value: &str) -> (String, u64) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let sanitizer = Sanitizer::default();
        let mut found = Found::new(&sanitizer, "request");
        let clean = sanitize(&headers, &mut found).remove(0).1;
        (clean, found.redactions.iter().map(|r| r.count).sum())
    }

    #[test]
    fn credentials_keep_their_scheme_and_cookies_their_names() {
        for (name, value, start) in [
            ("authorization", "Bearer s3cret", "Bearer glyph-redacted-"),
            ("proxy-authorization", "Basic s3cret=", "Basic glyph-redacted-"),
            ("authorization", "s3cret", "glyph-redacted-"),
            ("x-api-key", "s3cret", "glyph-redacted-"),
            ("set-cookie", "sid=s3cret; HttpOnly; Path=/", "sid=glyph-redacted-"),
            ("location", "http://a.test/?token=s3cret", "http://a.test/?token=glyph-redacted-"),
            ("link", "<http://a.test/?token=s3cret>; rel=next", "<http://a.test/?token=glyph-redacted-"),
            ("x-debug", "sent password=s3cret", "sent password=glyph-redacted-"),
        ] {
            let (clean, redactions) = one(name, value);
            assert!(clean.starts_with(start) && !clean.contains("s3cret"), "{name}: {clean}");
            assert_eq!(redactions, 1, "{name}");
        }
        let secret = "4b7c9e1d5f60";
        let (clean, _) = one("cookie", &format!("a={secret}; b={secret}; c=; {secret}"));
        let values: Vec<_> = clean.split("; ").collect();
        let value = |at: usize| values[at].split_once('=').unwrap();
        assert_eq!((value(0).0, value(1).0, values[2]), ("a", "b", "c="));
        assert_eq!(value(0).1, value(1).1, "equal secrets stay equal");
        assert_eq!(value(0).1, values[3]);
        assert!(one("set-cookie", "sid=s3cret; HttpOnly; Path=/").0.ends_with("; HttpOnly; Path=/"));
    }

    #[test]
    fn a_token_among_the_names_of_protocols_is_replaced() {
        let token = "GXc_bKktw2hWVmBOEqldnG03RbRGR9ao";
        for (value, start, end) in [
            ("access_token, s3cret", "access_token, glyph-redacted-", ""),
            ("graphql-ws, bearer, s3cret", "graphql-ws, bearer, glyph-redacted-", ""),
            ("{token},chat", "glyph-redacted-", ", chat"),
            (
                "base64url.bearer.authorization.k8s.io.{token}, v4.channel.k8s.io",
                "base64url.bearer.authorization.k8s.io.glyph-redacted-",
                ", v4.channel.k8s.io",
            ),
            ("{token}.Ab1.{token}", "glyph-redacted-", ""),
        ] {
            let (clean, redactions) = one("sec-websocket-protocol", &value.replace("{token}", token));
            assert!(clean.starts_with(start) && clean.ends_with(end), "{value}: {clean}");
            assert!(!clean.contains("s3cret") && !clean.contains(token), "{value}: {clean}");
            assert_eq!(redactions, 1, "{value}");
        }
    }

    #[test]
    fn ordinary_headers_stay() {
        for (name, value) in [
            ("accept", "*/*"),
            ("etag", "\"abc\""),
            ("x-request-id", "5f2c"),
            ("x-latin", "caf\u{e9}"),
            ("www-authenticate", "Bearer realm=\"x\", error=\"invalid_token\""),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ("access-control-allow-headers", "authorization, x-csrf-token"),
            ("content-disposition", "form-data; name=\"password\""),
            ("sec-websocket-protocol", "actioncable-v1-json, actioncable-unsupported"),
            ("sec-websocket-protocol", "v5.channel.k8s.io,v4.channel.k8s.io"),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ] {
            assert_eq!(one(name, value), (value.to_owned(), 0));
        }
    }

    #[test]
    fn the_charset_becomes_the_one_that_is_stored() {
        for (before, after) in [
            ("text/html; charset=shift_jis", "text/html; charset=utf-8"),
            ("text/html;charset=\"shift_jis\"; x=1", "text/html; x=1; charset=utf-8"),
            ("text/html", "text/html; charset=utf-8"),
        ] {
            assert_eq!(with_utf8(before), after);
        }
    }
}
