//! What a request belongs to: the client connection that it came over, and the session that its cookies are of.

use std::hash::{DefaultHasher, Hash, Hasher};

use glyph_formats::secrets::TOKEN_PREFIX;

use super::view::View;

/// What a cookie of a session is called.
const SESSION: [&str; 5] = ["sess", "sid", "auth", "jwt", "token"];
/// What else may be in such a name, of cookies that are drawn anew all the time.
const NO_SESSION: [&str; 2] = ["csrf", "xsrf"];

/// The keys of a request; those that share one keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Keys {
    keys: [u64; Self::MOST],
    len: usize,
}

impl Keys {
    /// No request has more.
    pub(in super::super) const MOST: usize = 4;

    /// Those of a recorded request.
    pub(super) fn of(flow: &View<'_>) -> Self {
        let mut keys = Self::default();
        // A HAR file may not tell connections apart.
        if !flow.client.is_empty() && flow.client != "har" {
            keys.add(hash(&("client", &flow.client)));
        }
        let pairs = flow.request.headers.get("cookie").flat_map(|value| value.split(';')).map(str::trim);
        let cookies: Vec<_> = pairs.filter(|pair| !pair.is_empty()).collect();
        for pair in sessions(&cookies) {
            // The same value under the same name, of the same host.
            keys.add(hash(&("cookie", &flow.request.host, pair)));
        }
        keys
    }

    /// Adds one, if there is room.
    pub(in super::super) fn add(&mut self, key: u64) {
        if self.len < Self::MOST && self.position(key).is_none() {
            self.keys[self.len] = key;
            self.len += 1;
        }
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        self.keys.into_iter().take(self.len)
    }

    /// Which one it is.
    pub(in super::super) fn position(&self, key: u64) -> Option<usize> {
        self.keys[..self.len].iter().position(|own| *own == key)
    }
}

/// The cookies that tell sessions apart: those that are called so; else those that were replaced as secrets; else all of
/// them together.
fn sessions(cookies: &[&str]) -> Vec<String> {
    let named = cookies.iter().filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        has(&SESSION) && !has(&NO_SESSION)
    });
    let named: Vec<_> = named.map(|pair| (*pair).to_owned()).collect();
    if !named.is_empty() || cookies.is_empty() {
        return named;
    }
    let replaced = cookies.iter().filter(|pair| pair.contains(TOKEN_PREFIX));
    let replaced: Vec<_> = replaced.map(|pair| (*pair).to_owned()).collect();
    if replaced.is_empty() { vec![cookies.join("; ")] } else { replaced }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_told_by_their_cookies() {
        let of = |cookies: &[&str]| sessions(cookies);
        assert_eq!(of(&["theme=dark", "PHPSESSID=4711"]), ["PHPSESSID=4711"]);
        assert_eq!(of(&["csrftoken=1", "connect.sid=2"]), ["connect.sid=2"]);
        assert_eq!(of(&["a=glyph-redacted-0123456789ab", "theme=dark"]), ["a=glyph-redacted-0123456789ab"]);
        assert_eq!(of(&["a=1", "b=2"]), ["a=1; b=2"]);
        assert!(of(&[]).is_empty());
    }
}
