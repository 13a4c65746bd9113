//! A number for a value, equal for values that are the same as far as the rules go.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::{
    Walk,
    node::{Node, Value},
    number::Number,
};
use crate::replay::rules::Step;

/// Hashes with a key of its own, so that traffic can't make unequal values equal.
#[derive(Debug, Default)]
pub(super) struct Keyed(RandomState);

impl Keyed {
    fn of(&self, hash: impl FnOnce(&mut std::hash::DefaultHasher)) -> u64 {
        let mut hasher = self.0.build_hasher();
        hash(&mut hasher);
        hasher.finish()
    }
}

impl<'a> Walk<'a, '_, '_> {
    /// The value's number, at the path at which the walk stands. That of a list or an object is reckoned once: it is asked for
    /// again at every list around it.
    pub(super) fn digest(&mut self, node: &Node<'a>) -> u64 {
        if !matches!(node.value, Value::Array(_) | Value::Object(_)) {
            return self.reckon(node);
        }
        let address = std::ptr::from_ref(node).addr();
        if let Some(known) = self.digests.get(&address) {
            return *known;
        }
        let digest = self.reckon(node);
        self.digests.insert(address, digest);
        digest
    }

    fn reckon(&mut self, node: &Node<'a>) -> u64 {
        match &node.value {
            Value::Word => self.keyed.of(|h| (0, node.text).hash(h)),
            Value::Number if self.may_be_token(node.text) => self.keyed.of(|h| 1.hash(h)),
            Value::Number if self.context.alike.unix_times(node.text, node.text) => {
                let whole = node.text.split('.').next().unwrap_or_default();
                self.keyed.of(|h| (2, whole.len()).hash(h))
            }
            Value::Number => self.keyed.of(|h| (3, Number::of(node.text)).hash(h)),
            Value::String(text) => {
                let masked = self.context.alike.masked(text);
                self.keyed.of(|h| (4, masked).hash(h))
            }
            Value::Array(elements) => {
                let mut digests = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    digests.extend(self.at(Step::Index(index), |walk| walk.digest(element)));
                }
                self.keyed.of(|h| (5, digests).hash(h))
            }
            Value::Object(_) => {
                let digests = self.members(node);
                self.keyed.of(|h| (6, digests).hash(h))
            }
        }
    }

    /// Of each member of an object one, sorted; none of what is no object.
    pub(super) fn members(&mut self, node: &Node<'a>) -> Vec<u64> {
        let Value::Object(members) = &node.value else { return Vec::new() };
        let mut digests = Vec::with_capacity(members.len());
        for (name, member) in members {
            if let Some(digest) = self.at(Step::Name(name.clone()), |walk| walk.digest(member)) {
                digests.push(self.keyed.of(|h| (name, digest).hash(h)));
            }
        }
        digests.sort_unstable();
        digests
    }
}
