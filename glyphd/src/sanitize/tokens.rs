//! What stands where a secret stood: the same secret gives the same token within a recording, and nothing tells which
//! secret it was.

use std::fmt;

pub(super) use glyph_formats::secrets::is_token;
use glyph_formats::secrets::{TOKEN_DIGITS, TOKEN_PREFIX};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What stands for a body that is not stored.
const DIGEST_PREFIX: &str = "glyph-hmac-sha256-";
/// Whoever can send traffic through the daemon can try all the values of so few bits, and compare tokens.
const ENTROPY_BITS: f64 = 40.0;
/// Tokens in place of numbers are integers from here on, under 2^53, so that every reader of JSON takes them whole.
const NUMBERS: std::ops::Range<u64> = 100_000_000_000_000..1_000_000_000_000_000;

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

    /// `glyph-redacted-` and 12 hexadecimal digits. A value that could be guessed gets other ones each time.
    pub(super) fn token(&self, secret: &str) -> String {
        let id: u64 = if entropy_bits(secret) < ENTROPY_BITS {
            rand::random()
        } else {
            let mac = self.mac(secret.as_bytes());
            u64::from_be_bytes(std::array::from_fn(|at| mac[at]))
        };
        let mut token = String::with_capacity(TOKEN_PREFIX.len() + TOKEN_DIGITS);
        token.push_str(TOKEN_PREFIX);
        token.push_str(&hexadecimal(&id.to_be_bytes())[..TOKEN_DIGITS]);
        token
    }

    /// 15 digits in place of a number, other ones each time.
    pub(super) fn number() -> String {
        rand::random_range(NUMBERS).to_string()
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

/// The most bits that a value of that length and those classes of characters can have.
fn entropy_bits(value: &str) -> f64 {
    // More than that is enough whatever it is of.
    let value = &value[..value.floor_char_boundary(64)];
    let has = |class: fn(&u8) -> bool, size: f64| if value.as_bytes().iter().any(class) { size } else { 0.0 };
    let alphabet = has(u8::is_ascii_digit, 10.0)
        + has(u8::is_ascii_lowercase, 26.0)
        + has(u8::is_ascii_uppercase, 26.0)
        + has(|b| !b.is_ascii_alphanumeric(), 33.0);
    let length = value.chars().count();
    f64::from(u8::try_from(length).unwrap_or(u8::MAX)) * alphabet.max(1.0).log2()
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
        assert!(is_token(&Tokens::with_random_key().token("s")));
        assert!(!is_token("glyph-redacted-"));
        assert!(Tokens::number().parse::<u64>().unwrap() < 1 << 53);
    }
}
