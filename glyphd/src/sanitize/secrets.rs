//! The secrets of one flow, to be taken out of what a plugin says about it.
//!
//! A plugin that saw the raw flow could carry them out in a finding, as they stood or as it read them: without the
//! percent-encoding of a URL, or out of the Base64 of Basic authentication.

use std::{borrow::Cow, fmt, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine, prelude::BASE64_STANDARD};

/// A secret shorter than that is only replaced where it stands alone: `1` is in every other word.
const SHORT: usize = 4;

/// The secrets of one flow. Cheap to clone; they are in memory and nowhere else.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Each with what stands in its place.
    pairs: Option<Arc<[(String, String)]>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.pairs.as_ref().map_or(0, |p| p.len()))
    }
}

impl Secrets {
    pub(super) fn of(found: Vec<(String, String)>) -> Self {
        if found.is_empty() {
            return Self::default();
        }
        let mut pairs = Vec::with_capacity(found.len());
        for (secret, token) in found {
            pairs.extend(readings(&secret).into_iter().map(|reading| (reading, token.clone())));
            pairs.push((secret, token));
        }
        pairs.retain(|(secret, _)| !secret.trim().is_empty());
        pairs.sort();
        pairs.dedup_by(|a, b| a.0 == b.0);
        Self { pairs: Some(pairs.into()) }
    }

    /// The text without the secrets.
    pub(crate) fn replace_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(pairs) = self.pairs.as_deref() else { return Cow::Borrowed(text) };
        let words = pairs.iter().map(|(secret, _)| secret);
        // It fails for more patterns than there is memory.
        let Ok(search) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words) else {
            return Cow::Borrowed("");
        };
        let (mut clean, mut copied) = (String::new(), 0);
        for found in search.find_iter(text) {
            if found.len() < SHORT && !stands_alone(text, found.start(), found.end()) {
                continue;
            }
            clean.push_str(&text[copied..found.start()]);
            clean.push_str(&pairs[found.pattern().as_usize()].1);
            copied = found.end();
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        clean.push_str(&text[copied..]);
        Cow::Owned(clean)
    }
}

/// How else a secret may be read.
fn readings(secret: &str) -> Vec<String> {
    let mut readings = Vec::new();
    if let Cow::Owned(decoded) = percent_decoded(secret) {
        readings.push(decoded);
    }
    // Basic authentication: user and password, and the password alone (RFC 7617).
    let decoded = BASE64_STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().unwrap_or(secret);
    if let Some((_, password)) = pair.split_once(':') {
        readings.push(password.to_owned());
        readings.extend(decoded);
    }
    readings
}

/// As in a query, where `+` is a space.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    let mut parsed = url::form_urlencoded::parse(text.as_bytes());
    match (parsed.next(), parsed.next()) {
        (Some((whole, value)), None) if value.is_empty() && whole != text => Cow::Owned(whole.into_owned()),
        _ => Cow::Borrowed(text),
    }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !joins(text[..start].chars().next_back()) && !joins(text[end..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(words: &[&str]) -> Secrets {
        Secrets::of(words.iter().map(|w| ((*w).to_owned(), "TOKEN".to_owned())).collect())
    }

    #[test]
    fn secrets_go_however_they_are_read() {
        for (secret, said) in [
            ("hunter22", "it is hunter22!"),
            ("s3%2Fcr%20t", "a: s3%2Fcr%20t, b: s3/cr t"),
            ("am9lOmh1bnRlcjIy", "user joe, password hunter22 (joe:hunter22, am9lOmh1bnRlcjIy)"),
            ("joe:hunter22", "hunter22"),
        ] {
            let clean = secrets(&[secret]).replace_in(said).into_owned();
            assert!(clean.contains("TOKEN"), "{clean}");
            for part in ["hunter22", "s3/cr t", "s3%2F", "am9l"] {
                assert!(!clean.contains(part), "{said}: {clean}");
            }
        }
    }

    #[test]
    fn of_two_secrets_the_longer_one_goes_and_tokens_stay_whole() {
        let both = Secrets::of(vec![("abcd".into(), "<token-abcd>".into()), ("abcdef".into(), "<2>".into())]);
        assert_eq!(both.replace_in("abcdefg abcd"), "<2>g <token-abcd>");
    }

    #[test]
    fn a_short_secret_is_one_only_where_it_stands_alone() {
        assert_eq!(secrets(&["1"]).replace_in("11 pages, session=1."), "11 pages, session=TOKEN.");
        assert_eq!(secrets(&[" "]).replace_in("a b"), "a b");
    }
}
