//! What is a secret: by the name it stands under, by its shape, and by what the operator says.

mod lists;
mod endings;
mod names;
mod spoken;
mod values;
mod shapes;
mod beginnings;
mod own;
mod policy;

use std::collections::BTreeMap;

pub use policy::{Allow, BinaryBodies, Pattern, RedactionPolicy, Scope, Switch};

pub(super) use beginnings::{Beginning, Beginnings};
pub(super) use names::{In, Weight, holds_secrets, is_worded};
pub(super) use shapes::{Alphabet, SHORTEST, Shape};
pub(super) use spoken::{is_spoken, may_end_secret};
pub(super) use values::{looks_credential, looks_random};

use aho_corasick::AhoCorasick;

use super::tokens::is_token;

/// The rules of a run.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) policy: RedactionPolicy,
    pub(super) beginnings: Beginnings,
    /// Where the operator's names stand in a text.
    pub(super) own_names: Option<AhoCorasick>,
    /// The operator's names, folded, and whether they are secrets.
    headers: BTreeMap<String, Weight>,
    names: BTreeMap<String, Weight>,
}

impl Rules {
    pub(super) fn new(policy: RedactionPolicy) -> Self {
        let list = |more: &[String], allowed: &[String]| {
            let more = more.iter().map(|name| (names::folded(name), Weight::Secret));
            let allowed = allowed.iter().map(|name| (names::folded(name), Weight::Ordinary));
            more.chain(allowed).collect()
        };
        Self {
            headers: list(&policy.headers, &policy.allow.headers),
            names: list(&policy.names, &policy.allow.names),
            beginnings: Beginnings::new(),
            own_names: own::search(policy.names.iter().chain(&policy.headers)),
            policy,
        }
    }

    /// What a name says of its value, there.
    #[inline]
    pub(super) fn weigh(&self, name: &str, place: In) -> Weight {
        let own = if place == In::Header { &self.headers } else { &self.names };
        match own.is_empty() {
            true => names::weigh(name, place),
            false => own.get(&names::folded(name)).copied().unwrap_or_else(|| names::weigh(name, place)),
        }
    }

    /// What a name in a running text says: it may be a header's or a field's.
    pub(super) fn weigh_in_text(&self, name: &str) -> Weight {
        if !self.names.is_empty() || !self.headers.is_empty() {
            let folded = names::folded(name);
            if let Some(own) = self.names.get(&folded).or_else(|| self.headers.get(&folded)) {
                return *own;
            }
        }
        names::weigh(name, In::Text)
    }

    /// Whether that value, under that name, is a secret.
    pub(super) fn is_secret(&self, name: &str, value: &str, place: In) -> bool {
        self.is_secret_by(self.weigh(name, place), name, value, place)
    }

    /// The same, where it is known what the name says.
    pub(super) fn is_secret_by(&self, weight: Weight, name: &str, value: &str, place: In) -> bool {
        match weight {
            Weight::Ordinary => false,
            Weight::IfRandom => looks_random(value) && self.may_be_secret(value),
            Weight::Secret => {
                self.may_be_secret(value)
                    && !names::are_alike(name, value)
                    && (place != In::Field || self.is_own(name) || names::is_plausible(name, value))
            }
        }
    }

    /// Whether the operator has it in a list.
    fn is_own(&self, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains_key(&names::folded(name))
    }

    /// Whether a cookie's value is one.
    pub(super) fn is_secret_cookie(&self, name: &str, value: &str) -> bool {
        self.may_be_secret(value) && !self.policy.allow.cookies.iter().any(|allowed| allowed == name)
    }

    /// Not so for what is nothing, a mask, a token already, or allowed.
    pub(super) fn may_be_secret(&self, value: &str) -> bool {
        let mask = |c: char| matches!(c, '*' | '\u{2022}' | ' ');
        !value.chars().all(mask) && !is_token(value) && !self.allows(value)
    }

    /// Whether the operator says that this value is none.
    pub(super) fn allows(&self, value: &str) -> bool {
        self.policy.allow.values.iter().any(|allowed| allowed.is_match(value))
    }
}
