//! URLs: user info, and the values of query parameters with a secret's name. Everything else stays as it was
//! written, to the byte.

use std::borrow::Cow;

use super::{Redactions, rules, tokens::Tokens};

pub(super) fn sanitize<'a>(url: &'a str, tokens: &Tokens, found: &mut Redactions) -> Cow<'a, str> {
    let (before_fragment, fragment) = match url.find('#') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let (base, query) = match before_fragment.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (before_fragment, None),
    };
    let base = user_info(base, tokens, found);
    let query = query.map(|query| parameters(query, tokens, found));
    match (base, query) {
        (Cow::Borrowed(_), None | Some(Cow::Borrowed(_))) => Cow::Borrowed(url),
        (base, None) => Cow::Owned(format!("{base}{fragment}")),
        (base, Some(query)) => Cow::Owned(format!("{base}?{query}{fragment}")),
    }
}

fn user_info<'a>(base: &'a str, tokens: &Tokens, found: &mut Redactions) -> Cow<'a, str> {
    let Some((scheme, rest)) = base.split_once("://") else { return Cow::Borrowed(base) };
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let Some(at) = authority.rfind('@') else { return Cow::Borrowed(base) };
    found.add("user_info", format_args!("url"));
    Cow::Owned(format!("{scheme}://{}@{}", tokens.token(&rest.as_bytes()[..at]), &rest[at + 1..]))
}

fn parameters<'a>(query: &'a str, tokens: &Tokens, found: &mut Redactions) -> Cow<'a, str> {
    let mut clean = String::new();
    let mut copied = 0;
    let mut start = 0;
    for part in query.split('&') {
        if let Some((name, value)) = part.split_once('=')
            && !value.is_empty()
            && rules::is_secret_parameter(&decode(name))
        {
            let value_at = start + name.len() + 1;
            clean.push_str(&query[copied..value_at]);
            clean.push_str(&tokens.token(value.as_bytes()));
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

    fn sanitized(url: &str) -> (String, Vec<String>) {
        let mut found = Redactions::new("request");
        let clean = sanitize(url, &Tokens::with_random_key(), &mut found).into_owned();
        (clean, found.list.into_iter().map(|r| r.place).collect())
    }

    #[test]
    fn secrets_go_and_the_rest_stays_to_the_byte() {
        let (clean, places) = sanitized(
            "http://joe:hunter2@a.test/p%41th?a=%2F&access%5Ftoken=s3cret&b&token=&x=1&sig=abc#frag",
        );
        assert!(!clean.contains("hunter2") && !clean.contains("s3cret") && !clean.contains("abc"), "{clean}");
        assert!(clean.contains("@a.test/p%41th?a=%2F&access%5Ftoken=glyph-redacted-"), "{clean}");
        assert!(clean.contains("&b&token=&x=1&sig=glyph-redacted-"), "{clean}");
        assert!(clean.ends_with("#frag"), "{clean}");
        assert_eq!(places, ["request.url", "request.query.access_token", "request.query.sig"]);
    }

    #[test]
    fn a_url_without_secrets_is_left_alone() {
        for url in ["http://a.test/?q=token", "a.test:443", "/relative?page=1", "http://a.test/@joe"] {
            assert_eq!(sanitized(url), (url.to_owned(), vec![]));
        }
    }
}
