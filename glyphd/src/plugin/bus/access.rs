//! Who may open a session: tokens that can be used once, and the session secrets that they buy.
//!
//! Secrets are kept as digests and compared in constant time. A secret is bound to the peer that bought it, opens one
//! stream, and ends with it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use glyph_plugin::Capability;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use super::peer::Peer;
use crate::plugin::session::KnownFlows;

/// How long a token is good for, and a secret that opens no stream, unless the configuration says otherwise.
pub const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the token is not known, or was used already")]
    WrongToken,
    #[error("the token is another plugin's")]
    OthersToken,
    #[error("the token has expired")]
    ExpiredToken,
    #[error("the session secret is not known, or its session has ended")]
    WrongSecret,
    #[error("the session secret was bought by another process")]
    OthersSecret,
    #[error("the session has a stream already")]
    SecretInUse,
    #[error("another session of this plugin is open")]
    SecondSession,
    #[error("the session has no stream yet")]
    NoStream,
}

type Hash = [u8; 32];

/// A token as it is given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// 32 random bytes in hexadecimal.
    pub token: String,
    /// When it ends to be good.
    pub expires: SystemTime,
}

struct Issued {
    hash: Hash,
    expires: Instant,
    grant: Arc<[Capability]>,
}

/// What a session secret stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) plugin: String,
    pub(crate) capabilities: Arc<[Capability]>,
}

/// What a session has beside its stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live {
    /// The flows that it was shown.
    pub(in crate::plugin) known: KnownFlows,
    /// It is over.
    pub(crate) ended: CancellationToken,
}

struct Bought {
    hash: Hash,
    peer: Peer,
    grant: Grant,
    live: Live,
    /// None when it has opened its stream.
    expires: Option<Instant>,
}

#[derive(Default)]
struct Books {
    /// By the plugin's name, and by who gave it out.
    tokens: HashMap<(String, &'static str), Issued>,
    sessions: Vec<Bought>,
}

/// The books of tokens and secrets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Access {
    books: Arc<Mutex<Books>>,
    token_life: Duration,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

/// A session whose stream is open. Dropped, its secret is good for nothing any more.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) grant: Grant,
    pub(crate) live: Live,
    hash: Hash,
    access: Access,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.live.ended.cancel();
        self.access.books().sessions.retain(|bought| bought.hash != self.hash);
    }
}

impl Access {
    /// Empty books. Tokens are good for so long, and so are secrets until they open a stream.
    pub(crate) fn new(token_life: Duration) -> Self {
        Self { books: Arc::default(), token_life }
    }

    /// How long a token is good for.
    pub(crate) fn token_life(&self) -> Duration {
        self.token_life
    }

    /// A token for a plugin, which takes the place of one that it may have had of the same issuer.
    pub(crate) fn issue(
        &self,
        by: &'static str,
        plugin: &str,
        grant: Arc<[Capability]>,
        now: Instant,
    ) -> Token {
        let token = secret();
        let issued = Issued { hash: hash(&token), expires: now + self.token_life, grant };
        self.books().tokens.insert((plugin.to_owned(), by), issued);
        Token { token, expires: SystemTime::now() + self.token_life }
    }

    /// Trades a token, which is used up by this whatever comes of it, for a session secret and what it allows: of
    /// `requested`, what was granted.
    pub(crate) fn redeem(
        &self,
        plugin: &str,
        token: &str,
        requested: &[Capability],
        peer: Peer,
        now: Instant,
    ) -> Result<(String, Grant), Refusal> {
        let presented = hash(token);
        let mut books = self.books();
        // All are compared: how long it takes says nothing of which it is.
        let mut owner = None;
        for (key, issued) in &books.tokens {
            if bool::from(issued.hash.ct_eq(&presented)) {
                owner = Some(key.clone());
            }
        }
        let key = owner.ok_or(Refusal::WrongToken)?;
        let issued = books.tokens.remove(&key).ok_or(Refusal::WrongToken)?;
        let (owner, _) = key;
        if owner != plugin {
            return Err(Refusal::OthersToken);
        }
        if issued.expires < now {
            return Err(Refusal::ExpiredToken);
        }
        let capabilities = issued.grant.iter().copied().filter(|c| requested.contains(c)).collect();
        let grant = Grant { plugin: owner, capabilities };
        let secret = secret();
        books.sessions.retain(|bought| bought.expires.is_none_or(|expires| expires >= now));
        let expires = Some(now + self.token_life);
        let live = Live::default();
        books.sessions.push(Bought { hash: hash(&secret), peer, grant: grant.clone(), live, expires });
        Ok((secret, grant))
    }

    /// Opens the stream that a session secret is good for.
    pub(crate) fn open(&self, secret: &str, peer: Peer, now: Instant) -> Result<Open, Refusal> {
        let wanted = hash(secret);
        let mut books = self.books();
        let at = books.session(wanted, peer)?;
        let bought = &books.sessions[at];
        match bought.expires {
            None => return Err(Refusal::SecretInUse),
            Some(expires) if expires < now => return Err(Refusal::WrongSecret),
            Some(_) => {}
        }
        let name = &bought.grant.plugin;
        if books.sessions.iter().any(|other| other.expires.is_none() && other.grant.plugin == *name) {
            return Err(Refusal::SecondSession);
        }
        let bought = &mut books.sessions[at];
        bought.expires = None;
        let (grant, live) = (bought.grant.clone(), bought.live.clone());
        Ok(Open { grant, live, hash: wanted, access: self.clone() })
    }

    /// Whose session it is that has a secret and an open stream.
    pub(crate) fn session(&self, secret: &str, peer: Peer) -> Result<(Grant, Live), Refusal> {
        let books = self.books();
        let bought = &books.sessions[books.session(hash(secret), peer)?];
        match bought.expires {
            None => Ok((bought.grant.clone(), bought.live.clone())),
            Some(_) => Err(Refusal::NoStream),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// The place of the session that this peer has bought with that secret.
    fn session(&self, wanted: Hash, peer: Peer) -> Result<usize, Refusal> {
        // All are compared: how long it takes says nothing of which it is.
        let mut found = None;
        for (at, bought) in self.sessions.iter().enumerate() {
            if bool::from(bought.hash.ct_eq(&wanted)) {
                found = Some(at);
            }
        }
        let at = found.ok_or(Refusal::WrongSecret)?;
        if self.sessions[at].peer == peer { Ok(at) } else { Err(Refusal::OthersSecret) }
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
    const ME: Peer = Peer::Process { pid: Some(1), uid: 1 };
    const THIEF: Peer = Peer::Process { pid: Some(2), uid: 1 };

    fn bought(access: &Access, plugin: &str, now: Instant) -> String {
        let token = access.issue("test", plugin, ALL.into(), now).token;
        access.redeem(plugin, &token, &ALL, ME, now).unwrap().0
    }

    #[test]
    fn a_token_buys_one_session_with_what_was_granted_and_asked_for() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let token = access.issue("test", "a", [Capability::CapFlowInspect].into(), now).token;
        let (_, grant) = access.redeem("a", &token, &ALL, ME, now).unwrap();
        assert_eq!(*grant.capabilities, [Capability::CapFlowInspect]);
        assert_eq!(access.redeem("a", &token, &ALL, ME, now).unwrap_err(), Refusal::WrongToken, "used up");
    }

    #[test]
    fn a_token_is_good_for_its_plugin_and_its_time() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let token = access.issue("test", "a", ALL.into(), now).token;
        access.issue("test", "b", ALL.into(), now);
        assert_eq!(access.redeem("a", "guessed", &ALL, ME, now).unwrap_err(), Refusal::WrongToken);
        assert_eq!(access.redeem("b", &token, &ALL, ME, now).unwrap_err(), Refusal::OthersToken);
        assert_eq!(access.redeem("a", &token, &ALL, ME, now).unwrap_err(), Refusal::WrongToken, "used up");
        let token = access.issue("test", "a", ALL.into(), now).token;
        let late = now + TOKEN_LIFE + Duration::from_nanos(1);
        assert_eq!(access.redeem("a", &token, &ALL, ME, late).unwrap_err(), Refusal::ExpiredToken);
    }

    #[test]
    fn a_new_token_takes_the_place_of_one_of_the_same_issuer() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let [old, new, other] =
            ["supervisor", "supervisor", "operator"].map(|by| access.issue(by, "a", ALL.into(), now).token);
        assert_eq!(access.redeem("a", &old, &ALL, ME, now).unwrap_err(), Refusal::WrongToken);
        assert!(access.redeem("a", &new, &ALL, ME, now).is_ok());
        assert!(access.redeem("a", &other, &ALL, ME, now).is_ok());
    }

    #[test]
    fn a_secret_opens_one_stream_for_the_peer_that_bought_it() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let secret = bought(&access, "a", now);
        assert_eq!(access.open("guessed", ME, now).unwrap_err(), Refusal::WrongSecret);
        assert_eq!(access.open(&secret, THIEF, now).unwrap_err(), Refusal::OthersSecret);
        let open = access.open(&secret, ME, now).unwrap();
        assert_eq!(access.open(&secret, ME, now).unwrap_err(), Refusal::SecretInUse);
        drop(open);
        assert_eq!(
            access.open(&secret, ME, now).unwrap_err(),
            Refusal::WrongSecret,
            "it ended with the stream"
        );
        let secret = bought(&access, "a", now);
        let late = now + TOKEN_LIFE + Duration::from_nanos(1);
        assert_eq!(
            access.open(&secret, ME, late).unwrap_err(),
            Refusal::WrongSecret,
            "nor does it wait for ever"
        );
    }

    #[test]
    fn a_secret_is_good_for_more_while_its_stream_is_open() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let secret = bought(&access, "a", now);
        assert_eq!(access.session(&secret, ME).unwrap_err(), Refusal::NoStream);
        let open = access.open(&secret, ME, now).unwrap();
        let (grant, live) = access.session(&secret, ME).unwrap();
        assert_eq!(grant.plugin, "a");
        assert_eq!(access.session(&secret, THIEF).unwrap_err(), Refusal::OthersSecret);
        assert_eq!(access.session("guessed", ME).unwrap_err(), Refusal::WrongSecret);
        assert!(!live.ended.is_cancelled());
        drop(open);
        assert!(live.ended.is_cancelled());
        assert_eq!(access.session(&secret, ME).unwrap_err(), Refusal::WrongSecret);
    }

    #[test]
    fn a_plugin_has_one_session() {
        let (access, now) = (Access::new(TOKEN_LIFE), Instant::now());
        let (first, second) = (bought(&access, "a", now), bought(&access, "a", now));
        let open = access.open(&first, ME, now).unwrap();
        assert_eq!(access.open(&second, ME, now).unwrap_err(), Refusal::SecondSession);
        drop(open);
        assert!(access.open(&second, ME, now).is_ok());
    }
}
