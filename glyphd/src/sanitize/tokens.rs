//! What stands where a secret stood: the same secret gives the same token within a run, and nothing tells which
//! secret it was.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

const PREFIX: &str = "glyph-redacted-";
const DIGITS: usize = 12;

/// Whether that stands where a secret stood already.
pub(super) fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .is_some_and(|id| id.len() == DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Makes tokens, with a key that lives as long as the run and is written nowhere.
pub(super) struct Tokens {
    mac: Hmac<Sha256>,
}

impl Tokens {
    pub(super) fn with_random_key() -> Self {
        // A key of the digest's own block length needs no hashing and no error.
        let key: [u8; 64] = std::array::from_fn(|_| rand::random());
        Self { mac: Hmac::new(&key.into()) }
    }

    /// `glyph-redacted-` and 12 hexadecimal digits.
    pub(super) fn token(&self, secret: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(secret);
        format!("{PREFIX}{}", hex::encode(&mac.finalize().into_bytes()[..DIGITS / 2]))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}
