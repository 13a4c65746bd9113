//! What stands in place of secrets: which token of one run stands where which of another does.
//!
//! Another run has another key, so tokens are told from each other only by the order in which they first appear: the first
//! that stand in one place belong together from then on. That holds also where something was added before them.

use glyph_formats::{
    Flow,
    secrets::{NUMBER_DIGITS, TOKEN_DIGITS, TOKEN_PREFIX},
};
use memchr::memmem;
use rustc_hash::FxHashMap;

const LENGTH: usize = TOKEN_PREFIX.len() + TOKEN_DIGITS;

/// Tokens that belong together.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    of_recorded: FxHashMap<String, String>,
    of_new: FxHashMap<String, String>,
}

impl Pairs {
    /// Whether they belong together, if need be from now on.
    pub(super) fn meet(&mut self, recorded: &str, new: &str) -> bool {
        match (self.of_recorded.get(recorded), self.of_new.get(new)) {
            (None, None) => {
                self.of_recorded.insert(recorded.to_owned(), new.to_owned());
                self.of_new.insert(new.to_owned(), recorded.to_owned());
                true
            }
            (Some(partner), _) => partner == new,
            (None, Some(_)) => false,
        }
    }

    /// Takes what belongs together in the requests, which come first.
    pub(super) fn of_requests(recorded: &Flow, new: &Flow) -> Self {
        let mut pairs = Self::default();
        let (old, new) = (&recorded.request, &new.request);
        pairs.learn(&old.url, &new.url);
        for (name, value) in old.headers.iter().filter(|(_, value)| may_hold(value)) {
            // The first of a name: others of it are not known to belong together.
            if let Some((_, other)) = new.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
                pairs.learn(value, other);
            }
        }
        if let (Some(text), Some(other)) = (&old.body.utf8, &new.body.utf8) {
            pairs.learn(text, other);
        }
        pairs
    }

    /// The tokens of two texts belong together in their order, if they are as many.
    fn learn(&mut self, recorded: &str, new: &str) {
        if !may_hold(recorded) {
            return;
        }
        let (old, new): (Vec<_>, Vec<_>) = (all(recorded).collect(), all(new).collect());
        if old.len() == new.len() {
            old.into_iter().zip(new).for_each(|(old, new)| {
                self.meet(old, new);
            });
        }
    }
}

/// Whether there may be a token in it.
pub(in crate::replay) fn may_hold(text: &str) -> bool {
    memmem::find(text.as_bytes(), TOKEN_PREFIX.as_bytes()).is_some()
}

/// The token that a text begins with.
pub(in crate::replay) fn at_start(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(TOKEN_PREFIX)?.as_bytes().get(..TOKEN_DIGITS)?;
    digits.iter().all(u8::is_ascii_hexdigit).then(|| &text[..LENGTH])
}

/// Whether a number is like those that stand in place of secret ones.
pub(in crate::replay) fn is_like_number(digits: &str) -> bool {
    digits.len() == NUMBER_DIGITS && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn all(text: &str) -> impl Iterator<Item = &str> {
    memmem::find_iter(text.as_bytes(), TOKEN_PREFIX.as_bytes()).filter_map(|at| at_start(&text[at..]))
}
