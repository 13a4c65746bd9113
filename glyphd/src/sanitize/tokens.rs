//! What stands where a secret stood: the same secret gives the same token within a recording, and nothing tells which
//! secret it was.

use std::fmt;

pub(super) use glyph_formats::secrets::is_token;
use glyph_formats::secrets::{TOKEN_DIGITS, TOKEN_PREFIX};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::entropy::could_be_guessed;

/// What stands for a body that is not stored.
const DIGEST_PREFIX: &str = "glyph-hmac-sha256-";
/// Tokens in place of numbers are integers from here on, under 2^53, so that every reader of JSON takes them whole.
const NUMBERS: std::ops::Range<u64> = 100_000_000_000_000..1_000_000_000_000_000;

/// What stands in place of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `glyph-redacted-`, and these in hexadecimal.
    Word([u8; TOKEN_DIGITS / 2]),
    /// In place of a number.
    Number(u64),
}

impl Token {
    /// Writes it behind that text.
    pub(super) fn push_to(self, text: &mut String) {
        match self {
            Self::Word(bytes) => {
                let mut digits = [0; TOKEN_DIGITS];
                // The room is what is needed, and digits are ASCII.
                hex::encode_to_slice(bytes, &mut digits).ok();
                text.push_str(TOKEN_PREFIX);
                text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
            }
            Self::Number(number) => text.push_str(&number.to_string()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// Makes tokens, with a key of one recording.
pub(super) struct Tokens {
    key: [u8; 64],
    mac: Hmac<Sha256>,
}

impl Tokens {
    pub(super) fn with_random_key() -> Self {
        // A key of the digest's own block length needs no hashing and no error.
        let key: [u8; 64] = std::array::from_fn(|_| rand::random());
        Self { key, mac: Hmac::new(&key.into()) }
    }

    /// The key in hexadecimal, for the file of secrets.
    pub(super) fn key(&self) -> String {
        hex::encode(self.key)
    }

    /// Equal ones for equal secrets; but for one that could be guessed another one each time.
    pub(super) fn token(&self, secret: &str) -> Token {
        if could_be_guessed(secret) {
            let drawn = rand::random::<u64>().to_be_bytes();
            return Token::Word(std::array::from_fn(|at| drawn[at]));
        }
        let mac = self.mac(secret.as_bytes());
        Token::Word(std::array::from_fn(|at| mac[at]))
    }

    /// Another one each time.
    pub(super) fn number() -> Token {
        Token::Number(rand::random_range(NUMBERS))
    }

    /// Stands for content that is not stored: equal content of one recording has equal ones.
    pub(super) fn digest(&self, content: &[u8]) -> String {
        format!("{DIGEST_PREFIX}{}", hex::encode(&self.mac(content)[..16]))
    }

    fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

/// Bytes as hexadecimal digits. `hex::encode` does so digit by digit.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    // The room is what is needed, and digits are ASCII.
    hex::encode_to_slice(bytes, &mut digits).ok();
    String::from_utf8(digits).unwrap_or_default()
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_stay_equal_unless_they_could_be_guessed() {
        let tokens = Tokens::with_random_key();
        for secret in ["4b7c9e1d5f60", "correct horse", "hunter22hunter22"] {
            assert_eq!(tokens.token(secret), tokens.token(secret));
        }
        for secret in ["4711", "123456", "0123456789", "a1b2c3", "hunter2"] {
            assert_ne!(tokens.token(secret), tokens.token(secret), "{secret}");
        }
        assert_ne!(Tokens::with_random_key().token("4b7c9e1d5f60"), tokens.token("4b7c9e1d5f60"));
    }

    #[test]
    fn tokens_are_known_as_such() {
        for token in [Token::Word([0; 6]), Tokens::with_random_key().token("s")] {
            let mut text = String::new();
            token.push_to(&mut text);
            assert!(is_token(&text), "{text}");
            assert_eq!(text, token.to_string());
        }
        assert!(!is_token("glyph-redacted-"));
        let number = Tokens::number().to_string();
        assert!(number.len() == 15 && number.parse::<u64>().unwrap() < 1 << 53, "{number}");
    }
}
