//! Who may open a session: tokens that can be used once, and the session secrets that they buy.
//!
//! Secrets are kept as digests and compared in constant time. Not here yet: binding to the peer's credentials.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use glyph_plugin::Capability;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the token is not the one that was issued to this plugin, or was used already")]
    WrongToken,
    #[error("the token has expired")]
    ExpiredToken,
    #[error("the session secret is not known, or was used already")]
    WrongSecret,
}

type Hash = [u8; 32];

struct Token {
    hash: Hash,
    expires: Instant,
    grant: Vec<Capability>,
}

/// What a session secret stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) plugin: String,
    pub(crate) capabilities: Vec<Capability>,
}

#[derive(Default)]
struct Books {
    /// By the plugin's name.
    tokens: HashMap<String, Token>,
    /// Bought, but not yet used to open a stream.
    sessions: Vec<(Hash, Grant)>,
}

/// The books of tokens and secrets. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Access {
    books: Arc<Mutex<Books>>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

impl Access {
    /// A token for a plugin, which takes the place of one that it may have had.
    pub(crate) fn issue(&self, plugin: &str, grant: Vec<Capability>, now: Instant) -> String {
        let token = secret();
        let entry = Token { hash: hash(&token), expires: now + TOKEN_LIFE, grant };
        self.books().tokens.insert(plugin.to_owned(), entry);
        token
    }

    /// Trades a token, which is used up by this, for a session secret and what it allows: of `requested`, what
    /// was granted.
    pub(crate) fn redeem(
        &self,
        plugin: &str,
        token: &str,
        requested: &[Capability],
        now: Instant,
    ) -> Result<(String, Grant), Refusal> {
        let mut books = self.books();
        let known = books.tokens.remove(plugin).ok_or(Refusal::WrongToken)?;
        if !bool::from(known.hash.ct_eq(&hash(token))) {
            return Err(Refusal::WrongToken);
        }
        if known.expires < now {
            return Err(Refusal::ExpiredToken);
        }
        let capabilities = known.grant.into_iter().filter(|c| requested.contains(c)).collect();
        let grant = Grant { plugin: plugin.to_owned(), capabilities };
        let secret = secret();
        books.sessions.push((hash(&secret), grant.clone()));
        Ok((secret, grant))
    }

    /// What a session secret stands for. It opens one stream.
    pub(crate) fn claim(&self, secret: &str) -> Result<Grant, Refusal> {
        let wanted = hash(secret);
        let mut books = self.books();
        let at = books.sessions.iter().position(|(hash, _)| bool::from(hash.ct_eq(&wanted)));
        at.map(|at| books.sessions.swap_remove(at).1).ok_or(Refusal::WrongSecret)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 32 random bytes in hexadecimal.
fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Capability; 2] = [Capability::CapEmitFindings, Capability::CapFlowInspect];

    #[test]
    fn a_token_buys_one_session_with_what_was_granted_and_asked_for() {
        let (access, now) = (Access::default(), Instant::now());
        let token = access.issue("a", vec![Capability::CapFlowInspect], now);
        let (secret, grant) = access.redeem("a", &token, &ALL, now).unwrap();
        assert_eq!(grant.capabilities, [Capability::CapFlowInspect]);
        assert_eq!(access.redeem("a", &token, &ALL, now).unwrap_err(), Refusal::WrongToken, "used up");
        assert_eq!(access.claim(&secret), Ok(grant));
        assert_eq!(access.claim(&secret), Err(Refusal::WrongSecret), "used up");
    }

    #[test]
    fn a_token_is_good_for_its_plugin_and_its_time() {
        let (access, now) = (Access::default(), Instant::now());
        let token = access.issue("a", ALL.to_vec(), now);
        access.issue("b", ALL.to_vec(), now);
        assert_eq!(access.redeem("b", &token, &ALL, now).unwrap_err(), Refusal::WrongToken);
        let late = now + TOKEN_LIFE + Duration::from_nanos(1);
        assert_eq!(access.redeem("a", &token, &ALL, late).unwrap_err(), Refusal::ExpiredToken);
    }
}
