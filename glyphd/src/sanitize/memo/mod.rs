//! What came of the values of headers that come again and again: a client says who it is and what it takes, and shows
//! the same credentials, request after request.
//!
//! A value is kept once it has come twice under a name on one side, so that ids, which come once, cost a hash and no
//! more. Names and values are compared whole. Not kept is what has a secret in it that could be guessed: that gets
//! another token each time.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    mem,
};

use glyph_formats::flow::Redaction;
use http::HeaderName;
use rustc_hash::FxBuildHasher;

use super::{entropy::could_be_guessed, found::Found, secrets::Pairs, tokens::Token};

/// So many values are kept; then all are forgotten, and those that go on coming are back soon.
const KNOWN: usize = 512;
/// A longer one is not kept.
const LONGEST: usize = 2 << 10;
/// Hashes of values that came once; of two in one place the later one stays.
const MET: usize = 1 << 10;

/// What is known of values.
pub(super) struct Memo {
    met: Vec<u64>,
    /// By the hash.
    known: HashMap<u64, Known, FxBuildHasher>,
}

/// A value, and what came of it.
struct Known {
    side: &'static str,
    name: HeaderName,
    value: Box<str>,
    /// None if nothing was replaced.
    clean: Option<String>,
    redactions: Vec<Redaction>,
    secrets: Pairs,
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memo({})", self.known.len())
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self { met: vec![0; MET], known: HashMap::default() }
    }
}

impl Memo {
    /// What comes of that header: as it is known, or as `sanitize` says.
    pub(super) fn clean(
        &mut self,
        name: &HeaderName,
        value: &str,
        found: &mut Found<'_>,
        sanitize: impl FnOnce(&mut Found<'_>) -> Option<String>,
    ) -> Option<String> {
        let side = found.side();
        let hash = hash(side, name, value);
        if let Some(known) = self.known.get(&hash)
            && (known.side, &known.name, &*known.value) == (side, name, value)
        {
            found.absorb(&known.redactions, &known.secrets);
            return known.clean.clone();
        }
        let met = &mut self.met[hash as usize % MET];
        let has_come = mem::replace(met, hash) == hash;
        if !has_come || value.len() > LONGEST {
            return sanitize(found);
        }
        let mut alone = Found::new(found.sanitizer, side);
        let clean = sanitize(&mut alone);
        let Found { redactions, secrets, .. } = alone;
        found.absorb(&redactions, &secrets);
        let is_random = |(secret, token)| matches!(token, Token::Number(_)) || could_be_guessed(secret);
        if !secrets.iter().any(is_random) {
            if self.known.len() == KNOWN {
                self.known.clear();
            }
            let (name, value) = (name.clone(), value.into());
            let known = Known { side, name, value, clean: clean.clone(), redactions, secrets };
            self.known.insert(hash, known);
        }
        clean
    }
}

fn hash(side: &str, name: &HeaderName, value: &str) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    (side.len(), name).hash(&mut hasher);
    hasher.write(value.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests;
