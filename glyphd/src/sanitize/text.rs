//! Texts that somebody wrote: a plugin's finding, the reason for a decision. What looks like a URL is treated as one;
//! the value after a secret's name goes, and so do credentials after their scheme.

use std::borrow::Cow;

use super::{Found, rules, tokens::is_token, url};

/// Schemes of HTTP authentication that a secret follows, in lower case.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];

/// A word after a scheme's name is a credential if it has so many bytes: "basic rules" are none.
const LEAST: usize = 8;

pub(super) fn sanitize<'a>(text: &'a str, found: &mut Found<'_>) -> Cow<'a, str> {
    let mut clean = String::new();
    let mut copied = 0;
    let mut after_scheme = false;
    for (start, word) in words(text) {
        let replaced = if after_scheme && word.len() >= LEAST && !is_token(word) {
            Some(found.token(word))
        } else {
            in_word(word, found)
        };
        after_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        if let Some(replaced) = replaced {
            clean.push_str(&text[copied..start]);
            clean.push_str(&replaced);
            copied = start + word.len();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[copied..]);
    Cow::Owned(clean)
}

/// Words between white space, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split_whitespace().map(move |word| (word.as_ptr() as usize - base, word))
}

fn in_word(word: &str, found: &mut Found<'_>) -> Option<String> {
    if word.contains("://") || word.contains('?') || word.contains('&') {
        return match url::sanitize(word, found) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        };
    }
    let (name, value) = word.split_once(['=', ':'])?;
    let bare = |c: char| !c.is_alphanumeric();
    let secret = value.trim_matches(bare);
    let named = name.trim_matches(bare);
    let is_secret = rules::is_secret_parameter(named) || rules::is_secret_header(&named.to_ascii_lowercase());
    (is_secret && !secret.is_empty() && !is_token(secret)).then(|| word.replace(secret, &found.token(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Tokens;

    fn clean(text: &str) -> String {
        let tokens = Tokens::with_random_key();
        sanitize(text, &mut Found::new(&tokens, "")).into_owned()
    }

    #[test]
    fn what_is_named_a_secret_goes() {
        for text in [
            "fetched http://joe:s3cr3t-s3cr3t@a.test/x?token=s3cr3t-s3cr3t now",
            "sent Authorization: Bearer s3cr3t-s3cr3t there",
            "with password=s3cr3t-s3cr3t, and",
            "{\"api_key\":\"s3cr3t-s3cr3t\"}",
            "x-api-key:s3cr3t-s3cr3t",
        ] {
            let clean = clean(text);
            assert!(!clean.contains("s3cr3t") && clean.contains("glyph-redacted-"), "{clean}");
        }
    }

    #[test]
    fn other_texts_stay_to_the_byte() {
        for text in [
            "the basic  rules, a token ring: 1=1\n",
            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
            "token=glyph-redacted-0123456789ab",
            "http://a.test/?page=2&q=token",
            "",
        ] {
            assert_eq!(clean(text), text);
        }
    }
}
