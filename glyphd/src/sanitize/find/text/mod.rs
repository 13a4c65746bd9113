//! Running text: keys by their shape, tokens, credentials, private keys, URLs, and what stands behind a secret's name.

mod marks;
mod names;
mod named;
mod runs;
mod keys;

use std::ops::Range;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Document, Hits, Instead, bits::Blocks, url};
use crate::sanitize::rules::Rules;

/// A name in a text is no longer than that.
const NAME: usize = 64;
/// A URL in a URL in a URL.
const URLS: usize = 8;

/// Where something was found, and its kind.
type Found = (Range<usize>, &'static str);

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    document: Document<'a>,
    rules: &'a Rules,
    hits: &'a mut Hits,
    /// What stands before that is done with.
    done: usize,
    /// How many of the hits, which there were before, lie behind.
    passed: usize,
    /// The end of the URL, and of the value, that was looked at last.
    url_end: usize,
    urls: usize,
    value_end: usize,
}

pub(super) fn find(text: &str, document: Document<'_>, rules: &Rules, hits: &mut Hits) {
    let bytes = text.as_bytes();
    let mut scan =
        Scan { text, bytes, document, rules, hits, done: 0, passed: 0, url_end: 0, urls: 0, value_end: 0 };
    scan.own_names();
    let blocks = Blocks::of(bytes);
    scan.at_marks(&blocks);
    scan.in_runs(&blocks);
    for pattern in &rules.policy.patterns {
        for found in pattern.regex.captures_iter(text) {
            if let Some(range) = found.get(1).or_else(|| found.get(0)).map(|m| m.range())
                && rules.may_be_secret(&text[range.clone()])
            {
                hits.add(range, format!("custom-{}", pattern.name), None, Instead::Token);
            }
        }
    }
}

impl Scan<'_> {
    /// Whether no word goes on here from before. In JSON, `n` of `\n` is none.
    fn begins(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).map(|at| self.bytes[at]);
        match before(1) {
            Some(b'n' | b't' | b'r' | b'f' | b'b') => before(2) == Some(b'\\'),
            Some(byte) => !byte.is_ascii_alphanumeric(),
            None => true,
        }
    }

    /// Notes what was found, unless it cannot be a secret.
    fn take(&mut self, found: Option<Found>) -> bool {
        let found = found.filter(|(range, _)| self.rules.may_be_secret(&self.text[range.clone()]));
        if let Some((range, kind)) = &found {
            self.done = range.end;
            self.hits.add(range.clone(), *kind, None, Instead::Token);
        }
        found.is_some()
    }

    /// How many of the bytes from there on are such, at most so many.
    fn run(&self, from: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let bytes = &self.bytes[from.min(self.bytes.len())..];
        bytes.iter().take(most).position(|b| !is(*b)).unwrap_or(bytes.len().min(most))
    }

    fn run_back(&self, to: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        self.bytes[..to].iter().rev().take(most).take_while(|b| is(**b)).count()
    }

    /// The word behind a scheme.
    fn credentials(&self, scheme: usize, are: fn(&str) -> bool) -> Option<Range<usize>> {
        let blanks = self.run(scheme, 4, |b| b == b' ');
        let start = scheme + blanks;
        let length = self.run(start, usize::MAX, |b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
        });
        let word = self.text[start..start + length].trim_end_matches('.');
        (blanks > 0 && are(word)).then(|| start..start + word.len())
    }

    fn email(&self, at: usize) -> Option<Range<usize>> {
        let local = self.run_back(at, NAME, |b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b));
        let length = self.run(at + 1, 255, |b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let domain = self.text[at + 1..at + 1 + length].trim_end_matches(['.', '-']);
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        let is_name = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
        (local > 0 && is_name).then(|| at - local..at + 1 + domain.len())
    }

    fn url(&mut self, start: usize, end: usize) {
        if start < self.url_end {
            self.urls += 1;
            if self.urls > URLS {
                return;
            }
        } else {
            self.urls = 0;
        }
        let scheme = self.run_back(start, 16, |b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let from = start - scheme;
        // Where it is the whole text, it was taken apart as such.
        if from == 0 && self.document == Document::Url {
            return;
        }
        let stops = |b: u8| {
            matches!(
                b,
                b'\t'
                    | b'\n'
                    | 0x0c
                    | b'\r'
                    | b' '
                    | b'"'
                    | b'\''
                    | b'<'
                    | b'>'
                    | b'`'
                    | b'\\'
                    | b'{'
                    | b'}'
                    | b'|'
                    | b'^'
            )
        };
        self.url_end = end + self.run(end, usize::MAX, |b| !stops(b));
        // Most are plain links.
        let may_hold = |b: &u8| matches!(b, b'@' | b'?' | b'#' | b';');
        if !self.bytes[end..self.url_end].iter().any(may_hold) {
            return;
        }
        let url = self.text[from..self.url_end].trim_end_matches(['.', ',', ';', ':', ')', ']', '!', '?']);
        url::find(url, from, self.rules, self.hits);
    }
}

/// Whether that is user and password (RFC 7617).
fn is_basic(word: &str) -> bool {
    word.len() >= 4 && BASE64_STANDARD.decode(word).is_ok_and(|pair| pair.contains(&b':'))
}

#[cfg(test)]
mod tests {
    use crate::sanitize::{
        RedactionPolicy, Sanitizer,
        find::{Document, tests},
    };

    fn clean(text: &str) -> String {
        tests::clean(text, Document::Text).0
    }

    #[test]
    fn what_is_named_a_secret_goes() {
        for text in [
            "fetched http://joe:s3cr3t-s3cr3t@a.test/x?token=s3cr3t-s3cr3t now",
            "sent Authorization: Bearer s3cr3t-s3cr3t there",
            "sent authorization: s3cr3t-s3cr3t there",
            "with password=s3cr3t-s3cr3t, and",
            "{\"api_key\":\"s3cr3t-s3cr3t\"}",
            "{\\\"api_key\\\":\\\"s3cr3t-s3cr3t\\\"}",
            "x-api-key:s3cr3t-s3cr3t",
            "Basic dXNlcjpzM2NyM3Q=",
            "DB_PASSWORD: 's3cr3t and more'",
        ] {
            let clean = clean(text);
            assert!(!clean.contains("s3cr3t") && !clean.contains("dXNl"), "{clean}");
            assert!(clean.contains("glyph-redacted-"), "{clean}");
        }
    }

    #[test]
    fn keys_are_found_wherever_they_stand() {
        let key = ["AKIA", "Q3EXAMPLE7Q3EXAM"].concat();
        for before in 0..200 {
            for (start, end) in
                [("", ""), ("", " and more"), ("\u{e9}", "\u{e9}"), ("\\n", "\""), ("a-", "."), ("/", "/")]
            {
                let text = format!("{}{start}{key}{end}", ". ".repeat(before / 2) + &".".repeat(before % 2));
                let clean = clean(&text);
                assert!(!clean.contains("EXAMPLE"), "{before} {start:?} {end:?}: {clean}");
            }
            let within = format!("{}b{key}", " ".repeat(before));
            assert_eq!(clean(&within), within);
        }
    }

    #[test]
    fn names_are_found_before_quotes_and_blanks_wherever_they_stand() {
        for mark in ["=", ":", "\"  : ", "\\\":\\\"", "']='", "  =>  \"", "2_confirmation="] {
            for before in 0..70 {
                let text = format!("{}password{mark}s3cr3t-s3cr3t", " ".repeat(before));
                let clean = clean(&text);
                assert!(!clean.contains("s3cr3t"), "{before} {mark:?}: {clean}");
            }
        }
    }

    #[test]
    fn the_operators_names_are_of_any_characters() {
        let names = ["Ticket9", "gr\u{f6}\u{df}e", "door no", "pin-"].map(str::to_owned).to_vec();
        let policy = RedactionPolicy { names, ..RedactionPolicy::default() };
        let sanitizer = Sanitizer::new(policy, usize::MAX);
        for text in [
            "ticket9=s3cr3t",
            "TICKET9 : \"s3cr3t\"",
            "gr\u{f6}\u{df}e='s3cr3t'",
            "door no=s3cr3t",
            "pin-=s3cr3t",
        ] {
            let clean = sanitizer.text(text);
            assert!(!clean.contains("s3cr3t"), "{clean}");
        }
        assert_eq!(sanitizer.text("ticket=s3cr3t"), "ticket=s3cr3t");
    }

    #[test]
    fn other_texts_stay_to_the_byte() {
        for text in [
            "the basic  rules, a token ring: 1=1\n",
            "bearer of good news, Bearer authentication",
            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
            "token=glyph-redacted-0123456789ab",
            "http://a.test/?page=2&q=token",
            "Bearer realm=\"x\", error=\"invalid_token\"",
            "password: must have 8 characters; token: missing",
            "the session was closed, the signature is wrong",
            "disk-usage, task-list, sk-circle, AKIAB, eyJhbGciOi",
            "",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn markup_needs_a_value_that_looks_like_one() {
        let clean = |text| tests::clean(text, Document::Markup).0;
        for text in [
            "<input type=\"hidden\" name=\"csrf_token\" value=\"s3cr3ts3cr3t\">",
            "<password>s3cr3ts3cr3t</password>",
            "<wsse:Password Type=\"text\">s3cr3ts3cr3t</wsse:Password>",
            "var password = \"s3cr3ts3cr3t\";",
            "<a href=\"/next?access_token=s3cr3ts3cr3t&amp;x=1\">",
        ] {
            let clean = clean(text);
            assert!(!clean.contains("s3cr3t") && clean.contains("glyph-redacted-"), "{clean}");
        }
        for text in [
            "let token = getToken(1); password:e.password1, secret:!0",
            "<label for=\"password\">Password</label><input accesskey=\"s\" name=\"password\" value=\"\">",
            "token=token=token=token",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn private_keys_and_tokens_go_whole_and_what_is_cut_too() {
        let key = "MIIEvQIBADANs3cr3tBgkqhkiG9w0BAQEFAASC";
        for end in ["-----END PRIVATE KEY-----\n", "", "\""] {
            let text = format!("a\n-----BEGIN PRIVATE KEY-----\n{key}\n{key}\n{end}");
            let clean = clean(&text);
            assert!(
                !clean.contains("s3cr3t") && clean.starts_with("a\n-----BEGIN PRIVATE KEY-----glyph-"),
                "{clean}"
            );
            assert!(clean.ends_with(end), "{clean}");
        }
        let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJzM2NyM3QifQ", "c2lnbmF0dXJl"].join(".");
        assert!(!clean(&format!("it is {jwt}.")).contains("eyJ"));
        assert!(!clean(&format!("it is {}", &jwt[..30])).contains("eyJ"));
    }
}
