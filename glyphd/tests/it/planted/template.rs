//! Secrets out of templates: `AKIA{base32:16}` with its random part filled in. See `testdata/flows/secrets/README.md`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// A secret that stands nowhere but in this run.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    /// The whole of it.
    pub(crate) text: String,
    /// What is random in it: none of these may be found again.
    pub(crate) parts: Vec<String>,
}

/// A random part that is shorter may stand somewhere by chance.
const TELLING: usize = 8;

/// Xorshift, so that a seed gives the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// With that seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed ^ 0x005e_c2e7).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below that one.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    /// So many characters of that alphabet.
    pub(crate) fn of(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

fn alphabet(class: &str) -> &'static [u8] {
    match class {
        "digit" => b"0123456789",
        "hex" => b"0123456789abcdef",
        "upper" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "letter" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "alnum" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "bech32" => b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        "base64" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "base64url" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        other => panic!("no class of characters: {other}"),
    }
}

/// Fills a template in. `{CLASS:COUNT}` is random, `{claims:COUNT}` the claims of a JWT with a random subject, and
/// `{=WORD}` that word, for what would look like a secret in the template already.
pub(crate) fn fill(template: &str, random: &mut Random) -> Secret {
    let mut secret = Secret { text: String::new(), parts: Vec::new() };
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, after) = after.split_once('}').expect("a hole ends with }");
        secret.text.push_str(before);
        rest = after;
        if let Some(word) = hole.strip_prefix('=') {
            secret.text.push_str(word);
            continue;
        }
        let (class, count) = hole.split_once(':').expect("CLASS:COUNT");
        let count = count.parse().expect("a count");
        let part = if class == "claims" {
            let subject = random.of(alphabet("alnum"), count);
            let claims = format!("{{\"sub\":\"{subject}\",\"iat\":1767225600}}");
            secret.parts.push(subject);
            BASE64_URL_SAFE_NO_PAD.encode(claims)
        } else {
            random.of(alphabet(class), count)
        };
        secret.text.push_str(&part);
        // The rest of a long one would give it away as well.
        if part.len() >= 3 * TELLING {
            let (front, back) = part.split_at(part.len() / 2);
            secret.parts.extend([front.to_owned(), back.to_owned()]);
        } else if part.len() >= TELLING {
            secret.parts.push(part);
        }
    }
    secret.text.push_str(rest);
    assert!(!secret.parts.is_empty(), "nothing of {template} is random enough");
    secret
}
