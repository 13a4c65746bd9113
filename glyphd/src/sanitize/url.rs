//! URLs: user info, and the values of parameters with a secret's name, in the query and in the fragment. Everything
//! else stays as it was written, to the byte.

use std::borrow::Cow;

use super::{Found, rules, tokens::is_token};

pub(super) fn sanitize<'a>(url: &'a str, found: &mut Found<'_>) -> Cow<'a, str> {
    let (before_fragment, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (url, None),
    };
    let (base, query) = match before_fragment.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (before_fragment, None),
    };
    let base = user_info(base, found);
    let mut clean = base.into_owned();
    for (mark, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            clean.push(mark);
            clean.push_str(&parameters(part, found));
        }
    }
    if clean == url { Cow::Borrowed(url) } else { Cow::Owned(clean) }
}

/// In a URL, in one without a scheme, and in the `host:port` of a CONNECT.
fn user_info<'a>(base: &'a str, found: &mut Found<'_>) -> Cow<'a, str> {
    let scheme = base.find("//").filter(|at| !base[..*at].contains('/'));
    let start = scheme.map_or(0, |at| at + 2);
    let (before, rest) = base.split_at(start);
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let Some(at) = authority.rfind('@').filter(|at| !is_token(&authority[..*at])) else {
        return Cow::Borrowed(base);
    };
    found.add("user_info", format_args!("url"));
    Cow::Owned(format!("{before}{}@{}", found.token(&rest[..at]), &rest[at + 1..]))
}

fn parameters<'a>(query: &'a str, found: &mut Found<'_>) -> Cow<'a, str> {
    let mut clean = String::new();
    let mut copied = 0;
    let mut start = 0;
    for part in query.split('&') {
        if let Some((name, value)) = part.split_once('=')
            && !value.is_empty()
            && !is_token(value)
            && rules::is_secret_parameter(&decode(name))
        {
            let value_at = start + name.len() + 1;
            clean.push_str(&query[copied..value_at]);
            clean.push_str(&found.token(value));
            copied = value_at + value.len();
            found.add("query", format_args!("query.{}", decode(name)));
        }
        start += part.len() + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(query);
    }
    clean.push_str(&query[copied..]);
    Cow::Owned(clean)
}

fn decode(name: &str) -> Cow<'_, str> {
    url::form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Tokens;

    fn sanitized(url: &str) -> (String, Vec<String>) {
        let tokens = Tokens::with_random_key();
        let mut found = Found::new(&tokens, "request");
        let clean = sanitize(url, &mut found).into_owned();
        (clean, found.redactions.into_iter().map(|r| r.place).collect())
    }

    #[test]
    fn secrets_go_and_the_rest_stays_to_the_byte() {
        let (clean, places) = sanitized(
            "http://joe:hunter2@a.test/p%41th?a=%2F&access%5Ftoken=s3cret&b&token=&x=1&sig=s1gned#frag",
        );
        assert!(
            !clean.contains("hunter2") && !clean.contains("s3cret") && !clean.contains("s1gned"),
            "{clean}"
        );
        assert!(clean.contains("@a.test/p%41th?a=%2F&access%5Ftoken=glyph-redacted-"), "{clean}");
        assert!(clean.contains("&b&token=&x=1&sig=glyph-redacted-"), "{clean}");
        assert!(clean.ends_with("#frag"), "{clean}");
        assert_eq!(places, ["request.url", "request.query.access_token", "request.query.sig"]);
    }

    #[test]
    fn secrets_are_found_without_a_scheme_and_in_the_fragment() {
        for (url, clean_end) in [
            ("joe:s3cret@a.test:443", "@a.test:443"),
            ("//joe:s3cret@a.test/x", "@a.test/x"),
            ("http://a.test/#x=1&access_token=s3cret&y=2", "&y=2"),
        ] {
            let (clean, places) = sanitized(url);
            assert!(!clean.contains("s3cret") && clean.ends_with(clean_end), "{clean}");
            assert_eq!(places.len(), 1, "{places:?}");
        }
    }

    #[test]
    fn a_url_without_secrets_is_left_alone() {
        for url in [
            "http://a.test/?q=token",
            "http://glyph-redacted-0123456789ab@a.test/?token=glyph-redacted-0123456789ab",
            "a.test:443",
            "/relative?page=1",
            "http://a.test/@joe",
            "/a//b@c/",
            "x#y",
        ] {
            assert_eq!(sanitized(url), (url.to_owned(), vec![]));
        }
    }
}
