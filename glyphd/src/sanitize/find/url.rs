//! URLs: user info, and the values of parameters with a secret's name, in the query, the fragment, and the path
//! (`;jsessionid=…`).

use memchr::{memchr, memrchr};

use super::{Hits, Instead, form::Pairs};
use crate::sanitize::rules::{In, Rules};

/// Whether a text is a URL, or what follows the host in one.
pub(super) fn is_url(text: &str) -> bool {
    let scheme =
        |scheme: &str| scheme.len() <= 16 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+');
    let blank = |b: u8| b.is_ascii_whitespace();
    !text.bytes().any(blank)
        && (text.starts_with('/') || text.split_once("://").is_some_and(|(before, _)| scheme(before)))
}

/// The secrets of a URL that begins at `base`: absolute, relative, without a scheme, or the `host:port` of a CONNECT.
pub(super) fn find(url: &str, base: usize, rules: &Rules, hits: &mut Hits) {
    let fragment = memchr(b'#', url.as_bytes());
    let before_fragment = &url[..fragment.unwrap_or(url.len())];
    let query = memchr(b'?', before_fragment.as_bytes());
    let path = &before_fragment[..query.unwrap_or(before_fragment.len())];
    user_info(path, base, rules, hits);
    let pairs = |base, within| Pairs { base, within, place: None, rules };
    let mut at = base;
    for segment in path.split(';') {
        if at > base {
            pairs(at, In::Form).find(segment, hits);
        }
        at += segment.len() + 1;
    }
    if let Some(query) = query {
        pairs(base + query + 1, In::Query).find(&before_fragment[query + 1..], hits);
    }
    if let Some(fragment) = fragment {
        let text = &url[fragment + 1..];
        // A path and a query of its own, as single-page applications have it.
        let start = text.find('?').map_or(0, |at| at + 1);
        pairs(base + fragment + 1 + start, In::Query).find(&text[start..], hits);
    }
}

fn user_info(path: &str, base: usize, rules: &Rules, hits: &mut Hits) {
    let slash = memchr(b'/', path.as_bytes());
    let scheme = slash.filter(|at| path.as_bytes().get(at + 1) == Some(&b'/'));
    let start = scheme.map_or(0, |at| at + 2);
    let end = memchr(b'/', &path.as_bytes()[start..]).map_or(path.len(), |at| start + at);
    let authority = &path[start..end];
    if let Some(at) = memrchr(b'@', authority.as_bytes())
        && at > 0
        && rules.may_be_secret(&authority[..at])
    {
        hits.add(base + start..base + start + at, "user_info", None, Instead::Token);
    }
}

#[cfg(test)]
mod tests {
    use crate::sanitize::find::{Document, tests};

    fn clean(url: &str) -> (String, Vec<String>) {
        tests::clean(url, Document::Url)
    }

    #[test]
    fn secrets_go_and_the_rest_stays_to_the_byte() {
        let (text, places) = clean(
            "http://joe:hunter2@a.test/p%41th;jsessionid=s3cr3t?a=%2F&access%5Ftoken=s3cret&b&token=&x=1&sig=s1gned#frag",
        );
        for secret in ["hunter2", "s3cr3t", "s3cret", "s1gned"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains("@a.test/p%41th;jsessionid=glyph-redacted-"), "{text}");
        assert!(text.contains("?a=%2F&access%5Ftoken=glyph-redacted-"), "{text}");
        assert!(text.contains("&b&token=&x=1&sig=glyph-redacted-"), "{text}");
        assert!(text.ends_with("#frag"), "{text}");
        assert_eq!(places, ["body", "query.jsessionid", "query.access_token", "query.sig"]);
    }

    #[test]
    fn secrets_are_found_without_a_scheme_and_in_the_fragment() {
        for (url, end) in [
            ("joe:s3cret@a.test:443", "@a.test:443"),
            ("//joe:s3cret@a.test/x", "@a.test/x"),
            ("http://a.test/#x=1&access_token=s3cret&y=2", "&y=2"),
            ("http://a.test/#/login?token=s3cret&y=2", "&y=2"),
        ] {
            let (text, places) = clean(url);
            assert!(!text.contains("s3cret") && text.ends_with(end), "{text}");
            assert_eq!(places.len(), 1, "{places:?}");
        }
    }

    #[test]
    fn a_url_without_secrets_is_left_alone() {
        for url in [
            "http://a.test/?q=token",
            "http://glyph-redacted-0123456789ab@a.test/?token=glyph-redacted-0123456789ab",
            "a.test:443",
            "/relative?page=1&next_page_token=abc",
            "http://a.test/@joe",
            "/a//b@c/",
            "x#y",
        ] {
            assert_eq!(clean(url), (url.to_owned(), vec![]));
        }
    }
}
