//! The file of secrets, `glyphd --secrets FILE`: what each token of a recording stands for. JSONL: the recording's key
//! first, then a line a token. It is no part of the recording, and is to be kept from whoever gets that.

use std::{borrow::Cow, collections::HashMap, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Flow, content,
    flow::Body,
    jsonl::{ReadError, records},
};

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Line {
    /// The first one.
    Key(Key),
    /// Every other one.
    Secret(Secret),
}

/// The key with which the tokens of a recording were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// The version of the format, [`crate::FORMAT_VERSION`].
    pub format: u32,
    /// 64 bytes in hexadecimal. A token is `glyph-redacted-` and the first 6 bytes of HMAC-SHA-256 with it, in
    /// hexadecimal, of the secret as it stood; of one under 40 bits of entropy it is random.
    pub key: String,
}

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Secret {
    /// `glyph-redacted-` and 12 hexadecimal digits; in place of a number 15 digits.
    pub token: String,
    /// What stood there, as it stood: encoded as its place asked for.
    pub secret: String,
}

/// What a token begins with.
pub const TOKEN_PREFIX: &str = "glyph-redacted-";
/// How many hexadecimal digits follow.
pub const TOKEN_DIGITS: usize = 12;
/// How many digits stand in place of a number.
pub const NUMBER_DIGITS: usize = 15;
const TOKEN: usize = TOKEN_PREFIX.len() + TOKEN_DIGITS;

/// Whether that stands where a secret stood.
pub fn is_token(text: &str) -> bool {
    text.strip_prefix(TOKEN_PREFIX)
        .is_some_and(|id| id.len() == TOKEN_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A text in pieces, in which all tokens are alike: two texts that differ in nothing else give the same. `numbers`: whether
/// numbers of [`NUMBER_DIGITS`] can be some.
pub fn alike<'t>(text: &'t str, numbers: bool, mut piece: impl FnMut(&'t str)) {
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN_PREFIX) {
        let end = at + TOKEN_PREFIX.len();
        numbers_alike(&rest[..end], numbers, &mut piece);
        let digits = rest[end..].bytes().take(TOKEN_DIGITS).take_while(u8::is_ascii_hexdigit).count();
        rest = &rest[end + digits..];
    }
    numbers_alike(rest, numbers, &mut piece);
}

fn numbers_alike<'t>(text: &'t str, numbers: bool, piece: &mut impl FnMut(&'t str)) {
    let mut rest = text;
    while numbers && let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        piece(&rest[..at]);
        piece(if length == NUMBER_DIGITS { "#" } else { &rest[at..at + length] });
        rest = &rest[at + length..];
    }
    piece(rest);
}

/// The content of a file of secrets.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    by_token: HashMap<String, String>,
}

impl Secrets {
    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read, or is none.
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        let mut by_token = HashMap::new();
        for line in records::<Line>(path)? {
            if let Line::Secret(Secret { token, secret }) = line? {
                by_token.insert(token, secret);
            }
        }
        Ok(Self { by_token })
    }

    /// Adds what a token stands for.
    pub fn insert(&mut self, token: String, secret: String) {
        self.by_token.insert(token, secret);
    }

    /// The tokens that stand in a text and are known, and what they stand for.
    pub fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tokens = text.match_indices(TOKEN_PREFIX).filter_map(|(at, _)| text.get(at..at + TOKEN));
        tokens.filter_map(|token| Some((token, self.by_token.get(token)?.as_str())))
    }

    /// How many tokens are known.
    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.by_token.is_empty()
    }

    /// Puts back what was replaced in a flow, and makes its lengths fit. If nothing is left of it, the flow says so.
    pub fn put_back(&self, flow: &mut Flow) {
        let request = &mut flow.request;
        let mut left = self.put_back_in(&mut request.url);
        left |= self.put_back_in_message([&mut request.headers, &mut request.trailers], &mut request.body);
        if let Some(response) = &mut flow.response {
            left |=
                self.put_back_in_message([&mut response.headers, &mut response.trailers], &mut response.body);
        }
        if let Some(error) = &mut flow.error {
            left |= self.put_back_in(&mut error.message);
        }
        if !left {
            flow.redactions.clear();
        }
    }

    fn put_back_in_message(&self, headers: [&mut Vec<(String, String)>; 2], body: &mut Body) -> bool {
        let mut left = false;
        let [headers, trailers] = headers;
        for (_, value) in headers.iter_mut().chain(trailers) {
            left |= self.put_back_in(value);
        }
        if let Some(text) = &mut body.utf8
            && body.redacted
        {
            body.redacted = self.put_back_in(text);
            left |= body.redacted;
            body.sha256 = Some(hex::encode(Sha256::digest(text.as_bytes())));
            content::fit_length(headers, text.len());
        }
        left
    }

    /// Tells whether a token is left.
    fn put_back_in(&self, text: &mut String) -> bool {
        if let Cow::Owned(restored) = self.restore(text) {
            *text = restored;
        }
        text.contains(TOKEN_PREFIX)
    }

    /// A text with what its tokens stand for, as it was before it was sanitised.
    pub fn restore<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (mut restored, mut copied, mut at) = (String::new(), 0, 0);
        let bytes = text.as_bytes();
        while at < bytes.len() {
            let length = match bytes[at] {
                b'g' if text[at..].starts_with(TOKEN_PREFIX) => TOKEN,
                b'1'..=b'9' if at == 0 || !bytes[at - 1].is_ascii_digit() => NUMBER_DIGITS,
                _ => 0,
            };
            let secret =
                text.get(at..at + length).filter(|t| !t.is_empty()).and_then(|t| self.by_token.get(t));
            if let Some(secret) = secret {
                restored.push_str(&text[copied..at]);
                restored.push_str(secret);
                at += length;
                copied = at;
            } else {
                at += 1;
                while !text.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        restored.push_str(&text[copied..]);
        Cow::Owned(restored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, numbers: bool) -> String {
        let mut plain = String::new();
        alike(text, numbers, |piece| plain.push_str(piece));
        plain
    }

    #[test]
    fn tokens_are_all_the_same() {
        let (a, b) = ("/x?t=glyph-redacted-00000000000a&n=1", "/x?t=glyph-redacted-00000000000b&n=1");
        assert_eq!(plain(a, false), plain(b, false));
        assert_ne!(plain(a, false), plain(&a.replace("n=1", "n=2"), false));
        assert_eq!(plain(r#"{"pin":123456789012345,"n":12}"#, true), r#"{"pin":#,"n":12}"#);
        assert_eq!(plain("123456789012345", false), "123456789012345");
    }

    #[test]
    fn tokens_become_what_they_stand_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        let lines = [
            r#"{"format":1,"key":"00"}"#,
            r#"{"token":"glyph-redacted-0123456789ab","secret":"s3cr3t"}"#,
            r#"{"token":"123456789012345","secret":"4711"}"#,
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let secrets = Secrets::load(&path).unwrap();
        assert_eq!(secrets.len(), 2);
        let text = "\u{e9}{\"a\":\"glyph-redacted-0123456789ab\",\"pin\":123456789012345,\"b\":\"glyph-redacted-x\"}";
        assert_eq!(secrets.restore(text), "\u{e9}{\"a\":\"s3cr3t\",\"pin\":4711,\"b\":\"glyph-redacted-x\"}");
        assert!(matches!(secrets.restore("nothing 1234"), Cow::Borrowed(_)));
        assert_eq!(secrets.found_in(text).collect::<Vec<_>>(), [("glyph-redacted-0123456789ab", "s3cr3t")]);
    }
}
