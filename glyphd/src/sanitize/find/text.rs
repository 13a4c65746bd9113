//! Running text: keys by their shape, tokens, credentials, private keys, URLs, and what stands behind a secret's name.

use std::ops::Range;

use base64::{Engine, prelude::BASE64_STANDARD};
use memchr::memmem;

use super::{Document, Hits, Instead, Place, anchors::Anchor, url};
use crate::sanitize::rules::{Alphabet, Rules, SHAPES, Shape, Weight, is_worded, looks_random};

/// A name in a text is no longer than that, and a value of one in markup neither.
const NAME: usize = 64;
const VALUE: usize = 1_024;
/// A URL in a URL in a URL.
const URLS: usize = 8;

/// What stands behind a secret's name where there is none.
const NO_SECRETS: [&str; 14] = [
    "***",
    "denied",
    "empty",
    "expired",
    "false",
    "invalid",
    "missing",
    "nil",
    "none",
    "null",
    "redacted",
    "required",
    "true",
    "undefined",
];

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    document: Document<'a>,
    rules: &'a Rules,
    /// What stands before that is done with.
    done: usize,
    /// The end of the URL, and of the value, that was looked at last.
    url_end: usize,
    urls: usize,
    value_end: usize,
}

pub(super) fn find(text: &str, document: Document<'_>, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    let bytes = text.as_bytes();
    let mut scan = Scan { text, bytes, document, rules, done: 0, url_end: 0, urls: 0, value_end: 0 };
    for (start, end, anchor) in rules.anchors.find(text) {
        if start < scan.done {
            continue;
        }
        let found = match anchor {
            Anchor::Shape(at) => scan.shape(start, end, &SHAPES[at]).map(|range| (range, "key")),
            Anchor::Telegram => scan.telegram(start, end).map(|range| (range, "key")),
            Anchor::Discord => scan.discord(start).map(|range| (range, "key")),
            Anchor::Mailchimp => scan.mailchimp(start, end).map(|range| (range, "key")),
            Anchor::Entra => scan.entra(start, end).map(|range| (range, "key")),
            Anchor::Jwt => scan.jwt(start).map(|range| (range, "jwt")),
            Anchor::Pem => scan.pem(end).map(|range| (range, "private_key")),
            Anchor::Bearer => scan.credentials(end, looks_credential).map(|range| (range, "credentials")),
            Anchor::Basic => scan.credentials(end, is_basic).map(|range| (range, "credentials")),
            Anchor::Email => scan.email(start).map(|range| (range, "email")),
            Anchor::Name => scan.named(start, end).map(|range| (range, "named")),
            Anchor::Url => {
                scan.url(start, end, place, hits);
                None
            }
        };
        if let Some((range, kind)) = found
            && rules.may_be_secret(&text[range.clone()])
        {
            scan.done = range.end;
            hits.add(range, kind, place, Instead::Token);
        }
    }
    for pattern in &rules.policy.patterns {
        let kind = format!("custom-{}", pattern.name);
        for found in pattern.regex.captures_iter(text) {
            if let Some(range) = found.get(1).or_else(|| found.get(0)).map(|m| m.range())
                && rules.may_be_secret(&text[range.clone()])
            {
                hits.add(range, kind.clone(), place, Instead::Token);
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

    /// How many of the bytes from there on are such, at most so many.
    fn run(&self, from: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let bytes = &self.bytes[from.min(self.bytes.len())..];
        bytes.iter().take(most).position(|b| !is(*b)).unwrap_or(bytes.len().min(most))
    }

    fn run_back(&self, to: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        self.bytes[..to].iter().rev().take(most).take_while(|b| is(**b)).count()
    }

    fn shape(&self, start: usize, end: usize, shape: &Shape) -> Option<Range<usize>> {
        let first = self.bytes[start];
        if first.is_ascii_alphanumeric() && !self.begins(start) {
            return None;
        }
        let mut length = self.run(end, shape.most + 1, |b| shape.alphabet.has(b));
        if shape.alphabet == Alphabet::Dotted && self.bytes[end..end + length].ends_with(b".") {
            length -= 1; // The sentence's.
        }
        if !(shape.least..=shape.most).contains(&length) {
            return None;
        }
        let rest = &self.bytes[end..end + length];
        let has = |class: fn(&u8) -> bool| rest.iter().any(class);
        if shape.mixed
            && !(has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        {
            return None;
        }
        // Of a setting or an address, what makes it a secret; of a key all.
        let from = match first {
            _ if shape.beginning.ends_with(['=', '/']) => end,
            b'.' => start - self.run_back(start, 20, |b| b.is_ascii_alphanumeric()),
            _ => start,
        };
        Some(from..end + length)
    }

    /// `123456789:AA…`
    fn telegram(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let digits = self.run_back(start, 11, |b| b.is_ascii_digit());
        let length = self.run(end, 40, |b| Alphabet::Word.has(b));
        ((8..=10).contains(&digits) && (32..=36).contains(&length)).then(|| start - digits..end + length)
    }

    /// Number, time and signature, in Base64, with dots between them.
    fn discord(&self, start: usize) -> Option<Range<usize>> {
        if !self.begins(start) {
            return None;
        }
        let (mut at, mut parts) = (start, [0; 3]);
        for part in &mut parts {
            *part = self.run(at, 48, |b| Alphabet::Word.has(b));
            at += *part + 1;
        }
        let dots =
            [start + parts[0], start + parts[0] + 1 + parts[1]].map(|at| self.bytes.get(at) == Some(&b'.'));
        let fits = (23..=28).contains(&parts[0]) && parts[1] == 6 && (27..=40).contains(&parts[2]);
        (fits && dots == [true, true]).then_some(start..at - 1)
    }

    /// `<32 hexadecimal digits>-us12`
    fn mailchimp(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let digits = self.run_back(start, 33, |b| Alphabet::Hex.has(b));
        let center = self.run(end, 3, |b| b.is_ascii_digit());
        (digits == 32 && center > 0).then(|| start - digits..end + center)
    }

    /// `abc8Q~…`
    fn entra(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let drawn = |b: u8| Alphabet::Dotted.has(b) || b == b'~';
        let (before, after) = (self.run_back(start, 4, drawn), self.run(end, 40, drawn));
        (before == 3 && (31..=34).contains(&after)).then(|| start - before..end + after)
    }

    /// Two or more parts of Base64, of which the first is a JSON object.
    fn jwt(&mut self, start: usize) -> Option<Range<usize>> {
        if !self.begins(start) {
            return None;
        }
        let length = self.run(start, usize::MAX, |b| Alphabet::Dotted.has(b));
        let run = self.text[start..start + length].trim_end_matches(['.', '-', '_']);
        // Further beginnings in it are not looked at: time stays linear.
        self.done = start + length;
        let (header, rest) = run.split_once('.')?;
        (header.len() >= 16 && rest.len() >= 4).then(|| start..start + run.len())
    }

    /// What stands between the lines that begin and end a private key.
    fn pem(&mut self, label: usize) -> Option<Range<usize>> {
        let line = &self.text[label..self.text.floor_char_boundary(label + 48)];
        let dashes = line.find("-----")?;
        if !line[..dashes].ends_with("PRIVATE KEY") && !line[..dashes].ends_with("PRIVATE KEY BLOCK") {
            return None;
        }
        let start = label + dashes + 5;
        let inside =
            |b: u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"+/=\\:,-%_.~".contains(&b);
        let length = self.run(start, usize::MAX, inside);
        self.done = start + length;
        let key = &self.bytes[start..start + length];
        let length = memmem::find(key, b"-----END").unwrap_or(length);
        self.done = start + length;
        (length > 0).then(|| start..start + length)
    }

    /// The word behind a scheme.
    fn credentials(&self, scheme: usize, are: fn(&str) -> bool) -> Option<Range<usize>> {
        let blanks = self.run(scheme, 4, |b| b == b' ');
        let start = scheme + blanks;
        let length = self.run(start, usize::MAX, |b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
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

    fn url(&mut self, start: usize, end: usize, place: Place<'_>, hits: &mut Hits) {
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
        let stops = |b: u8| b.is_ascii_whitespace() || b"\"'<>`\\{}|^".contains(&b);
        self.url_end = end + self.run(end, usize::MAX, |b| !stops(b));
        let url = self.text[from..self.url_end].trim_end_matches(['.', ',', ';', ':', ')', ']', '!', '?']);
        url::find(url, from, place, self.rules, hits);
    }

    /// What stands behind a name, if that is a secret's, and it looks like one.
    fn named(&mut self, start: usize, end: usize) -> Option<Range<usize>> {
        let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let start = start - self.run_back(start, NAME, in_name);
        let end = end - usize::from(self.bytes[end - 1] == b'=');
        let end = end + self.run(end, NAME, in_name);
        // Most of the time a text only speaks of it.
        let (mark, from) = self.separator(end).or_else(|| self.behind_attributes(start, end))?;
        let name = &self.text[start..end];
        let weight = self.rules.weigh_in_text(name);
        if weight == Weight::Ordinary {
            return None;
        }
        if from < self.value_end {
            return None;
        }
        let value = self.value(from);
        let mut range = value.range.clone();
        if name.to_ascii_lowercase().ends_with("authorization") && is_scheme(&self.text[range.clone()]) {
            range = self.value(range.end + self.run(range.end, 4, |b| b == b' ')).range;
        }
        self.value_end = range.end;
        let text = &self.text[range.clone()];
        if text.is_empty() || NO_SECRETS.iter().any(|none| text.eq_ignore_ascii_case(none)) {
            return None;
        }
        let is_secret = match (weight, self.document) {
            (Weight::IfRandom, _) => looks_random(text),
            (_, Document::Text) if value.quoted || mark == b'=' => true,
            _ if text.len() > VALUE => false,
            _ if mark == b'v' => text.len() >= 4,
            // `e.password1` is an expression.
            (_, Document::Markup | Document::Json) if !value.quoted && mark != b'>' && text.contains('.') => {
                looks_random(text)
            }
            (_, Document::Text) => looks_credential(text) || self.looks_made_up(name, text),
            _ => looks_literal(text) && (looks_credential(text) || self.looks_made_up(name, text)),
        };
        is_secret.then_some(range)
    }

    /// Whether it is a password of letters: with capital ones within, and not the name of one, as in `"newPassword"`.
    fn looks_made_up(&self, name: &str, value: &str) -> bool {
        let inner_capital = value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
        value.len() >= 8
            && inner_capital
            && is_worded(name)
            && self.rules.weigh_in_text(value) == Weight::Ordinary
    }

    /// What stands between a name and its value, and where that begins.
    fn separator(&self, from: usize) -> Option<(u8, usize)> {
        let blanks = |at: usize| at + self.run(at, 8, |b| b == b' ');
        let mut at = from;
        at += usize::from(self.bytes.get(at) == Some(&b'\\'));
        let quoted = matches!(self.bytes.get(at), Some(b'"' | b'\''));
        at = blanks(at + usize::from(quoted));
        at += usize::from(self.bytes.get(at) == Some(&b']'));
        match self.bytes.get(at)? {
            b'=' => {
                let arrow = self.bytes.get(at + 1) == Some(&b'>');
                Some((b'=', blanks(at + 1 + usize::from(arrow))))
            }
            b':' => Some((b':', blanks(at + 1))),
            // `<password>…</password>`
            b'>' => Some((b'>', at + 1)),
            // `<input name="csrf_token" value="…">`
            _ if quoted => ["value=", "content="].iter().find_map(|attribute| {
                self.text.get(at..)?.starts_with(attribute).then(|| (b'v', at + attribute.len()))
            }),
            _ => None,
        }
    }

    /// `<wsse:Password Type="…">…</wsse:Password>`
    fn behind_attributes(&self, name: usize, end: usize) -> Option<(u8, usize)> {
        let is_element = matches!(name.checked_sub(1).map(|at| self.bytes[at])?, b'<' | b':');
        let length = self.run(end, 200, |b| b != b'>' && b != b'<');
        let attributes = &self.bytes[end..end + length];
        let ends = self.bytes.get(end + length) == Some(&b'>') && !attributes.ends_with(b"/");
        (is_element && ends && attributes.first() == Some(&b' ')).then_some((b'>', end + length + 1))
    }

    fn value(&self, from: usize) -> Value {
        let escaped = usize::from(self.bytes.get(from) == Some(&b'\\'));
        let quote = self.bytes.get(from + escaped).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let Some(quote) = quote else {
            let ends = |b: u8| b.is_ascii_whitespace() || b"\"'`<>&;,)}]\\|".contains(&b);
            let length = self.run(from, usize::MAX, |b| !ends(b));
            let length = self.text[from..from + length].trim_end_matches(['.', ':', '!', '?']).len();
            return Value { range: from..from + length, quoted: false };
        };
        let start = from + escaped + 1;
        let length = self.run(start, usize::MAX, |b| b != quote && b != b'\n' && b != b'\\');
        Value { range: start..start + length, quoted: true }
    }
}

struct Value {
    range: Range<usize>,
    quoted: bool,
}

fn is_scheme(word: &str) -> bool {
    ["basic", "bearer", "digest", "token", "negotiate", "apikey"].iter().any(|s| word.eq_ignore_ascii_case(s))
}

/// Whether that is user and password (RFC 7617).
fn is_basic(word: &str) -> bool {
    word.len() >= 4 && BASE64_STANDARD.decode(word).is_ok_and(|pair| pair.contains(&b':'))
}

/// Whether a word behind "bearer" or "token:" is one, and not the next word of the sentence.
fn looks_credential(word: &str) -> bool {
    word.len() >= 6 && looks_drawn(word)
}

/// Whether it has digits, or letters of both cases as no word and no name in a program has them.
fn looks_drawn(word: &str) -> bool {
    let bytes = word.as_bytes();
    let turns = bytes.windows(2).filter(|w| w[0].is_ascii_lowercase() != w[1].is_ascii_lowercase()).count();
    bytes.iter().any(u8::is_ascii_digit) || (bytes.len() >= 8 && turns * 3 >= bytes.len())
}

/// Whether a value in markup is one word, and not an expression.
fn looks_literal(value: &str) -> bool {
    let drawn = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=%:!@#*".contains(&b);
    value.bytes().all(drawn)
}

#[cfg(test)]
mod tests {
    use crate::sanitize::find::{Document, tests};

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
