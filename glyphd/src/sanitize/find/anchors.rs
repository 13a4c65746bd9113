//! The beginnings at which a running text is looked at: all of them are searched for at once.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::sanitize::rules::SHAPES;

/// What may be found at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// A provider's key, by its index in the list of shapes.
    Shape(usize),
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// A private key (RFC 7468).
    Pem,
    /// Credentials after `Bearer`.
    Bearer,
    /// Credentials after `Basic`.
    Basic,
    /// A URL.
    Url,
    /// A secret's name, with the secret behind it.
    Name,
    /// A token of a Telegram bot.
    Telegram,
    /// An e-mail address.
    Email,
}

/// Words in names of secrets, in lower case. A name that has one is weighed as a whole.
const NAMES: [&str; 12] =
    ["access", "api", "auth", "cred", "csrf", "pass", "private", "pwd", "secret", "session", "sig", "token"];

/// All of them, in one automaton: that is faster than a packed search, for which there are too many.
#[derive(Debug)]
pub(in crate::sanitize) struct Anchors {
    search: AhoCorasick,
    anchors: Vec<Anchor>,
}

impl Anchors {
    /// `names`: the operator's.
    pub(in crate::sanitize) fn new(email: bool, names: &[String]) -> Self {
        let mut all: Vec<(String, Anchor)> = vec![
            ("eyJ".to_owned(), Anchor::Jwt),
            ("-----BEGIN ".to_owned(), Anchor::Pem),
            ("://".to_owned(), Anchor::Url),
            (":AA".to_owned(), Anchor::Telegram),
        ];
        all.extend(
            SHAPES.iter().enumerate().map(|(at, shape)| (shape.beginning.to_owned(), Anchor::Shape(at))),
        );
        let cases = |word: &str, anchor| spellings(word).map(|spelling| (spelling, anchor));
        all.extend(cases("bearer", Anchor::Bearer));
        all.extend(cases("basic", Anchor::Basic));
        let own = names.iter().map(String::as_str).filter(|name| !name.is_empty());
        all.extend(NAMES.into_iter().chain(own).flat_map(|name| cases(name, Anchor::Name)));
        if email {
            all.push(("@".to_owned(), Anchor::Email));
        }
        let (words, anchors): (Vec<_>, _) = all.into_iter().unzip();
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostLongest);
        let search = builder
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .or_else(|_| builder.kind(None).build(&words));
        Self { search: search.expect("a hundred short words"), anchors }
    }

    /// Where each is, one behind the other.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = (usize, usize, Anchor)> {
        self.search
            .find_iter(text)
            .map(|found| (found.start(), found.end(), self.anchors[found.pattern().as_usize()]))
    }
}

/// `token`, `Token`, `TOKEN`.
fn spellings(word: &str) -> [String; 3] {
    let lower = word.to_lowercase();
    let mut title = lower.clone();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let upper = lower.to_uppercase();
    [lower, title, upper]
}
