//! The secrets of one flow, to be taken out of what a plugin says about it.
//!
//! A plugin that saw the raw flow could carry them out in a finding, as they stood or as it read them: without the
//! percent-encoding of a URL, or out of the Base64 of Basic authentication.

use std::{
    borrow::Cow,
    fmt, mem,
    sync::{Arc, OnceLock},
};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{find::Codec, tokens::Token};

/// A secret shorter than that is only replaced where it stands alone: `1` is in every other word.
const SHORT: usize = 4;

/// The secrets of most flows have no more bytes together.
const SECRETS: usize = 128;

/// The secrets of one flow. Cheap to clone; they are in memory and nowhere else.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    found: Option<Arc<Found>>,
}

/// Secrets, each with what stands in its place.
#[derive(Clone, Default)]
pub(super) struct Pairs {
    /// One behind the other.
    secrets: String,
    /// Where each ends.
    tokens: Vec<(usize, Token)>,
}

impl Pairs {
    pub(super) fn push(&mut self, secret: &str, token: Token) {
        if self.tokens.is_empty() {
            self.secrets.reserve(SECRETS);
        }
        self.secrets.push_str(secret);
        self.tokens.push((self.secrets.len(), token));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Token)> {
        let mut start = 0;
        self.tokens
            .iter()
            .map(move |(end, token)| (&self.secrets[mem::replace(&mut start, *end)..*end], *token))
    }
}

/// Most flows are never spoken of, so that what it takes to find the secrets in a text is made for the first one.
struct Found {
    pairs: Pairs,
    search: OnceLock<Search>,
}

/// Secrets in all their readings.
struct Search {
    /// None if there is not memory enough for so many.
    words: Option<AhoCorasick>,
    tokens: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.found.as_ref().map_or(0, |found| found.pairs.tokens.len()))
    }
}

impl Secrets {
    pub(super) fn of(pairs: Pairs) -> Self {
        let found = (!pairs.tokens.is_empty()).then(|| Arc::new(Found { pairs, search: OnceLock::new() }));
        Self { found }
    }

    /// The text without the secrets.
    pub(crate) fn replace_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(found) = self.found.as_deref() else { return Cow::Borrowed(text) };
        let search = found.search.get_or_init(|| Search::of(&found.pairs));
        let Some(words) = &search.words else { return Cow::Borrowed("") };
        let (mut clean, mut copied) = (String::new(), 0);
        for found in words.find_iter(text) {
            if found.len() < SHORT && !stands_alone(text, found.start(), found.end()) {
                continue;
            }
            clean.push_str(&text[copied..found.start()]);
            clean.push_str(&search.tokens[found.pattern().as_usize()]);
            copied = found.end();
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        clean.push_str(&text[copied..]);
        Cow::Owned(clean)
    }
}

impl Search {
    fn of(pairs: &Pairs) -> Self {
        let readings = pairs.iter().flat_map(|(secret, token)| {
            let all = readings(secret).into_iter().chain([secret.to_owned()]);
            all.map(move |reading| (reading, token.to_string()))
        });
        let mut readings: Vec<_> = readings.filter(|(secret, _)| !secret.trim().is_empty()).collect();
        readings.sort();
        readings.dedup_by(|a, b| a.0 == b.0);
        let (words, tokens): (Vec<_>, Vec<_>) = readings.into_iter().unzip();
        let words = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).ok();
        Self { words, tokens }
    }
}

/// How else a secret may be read.
fn readings(secret: &str) -> Vec<String> {
    let mut readings = Vec::new();
    readings.extend([Codec::Percent, Codec::Json].into_iter().filter_map(|codec| codec.decode(secret)));
    // Basic authentication: user and password, and the password alone (RFC 7617).
    let decoded = BASE64_STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().unwrap_or(secret);
    if let Some((_, password)) = pair.split_once(':') {
        readings.push(password.to_owned());
        readings.extend(decoded);
    }
    readings
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !joins(text[..start].chars().next_back()) && !joins(text[end..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(words: &[&str]) -> Secrets {
        let mut pairs = Pairs::default();
        words.iter().for_each(|word| pairs.push(word, Token::Word([0; 6])));
        Secrets::of(pairs)
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
            assert!(clean.contains("glyph-redacted-000000000000"), "{clean}");
            for part in ["hunter22", "s3/cr t", "s3%2F", "am9l"] {
                assert!(!clean.contains(part), "{said}: {clean}");
            }
        }
    }

    #[test]
    fn of_two_secrets_the_longer_one_goes_and_tokens_stay_whole() {
        let mut pairs = Pairs::default();
        pairs.push("abcd", Token::Number(1));
        pairs.push("abcdef", Token::Number(2));
        pairs.push("reda", Token::Number(3));
        pairs.push("0", Token::Word([0; 6]));
        let clean = Secrets::of(pairs).replace_in("abcdefg abcd 0").into_owned();
        assert_eq!(clean, "2g 1 glyph-redacted-000000000000");
    }

    #[test]
    fn a_short_secret_is_one_only_where_it_stands_alone() {
        assert_eq!(
            secrets(&["1"]).replace_in("11 pages, session=1."),
            "11 pages, session=glyph-redacted-000000000000."
        );
        assert_eq!(secrets(&[" "]).replace_in("a b"), "a b");
    }
}
