//! Which findings belong together: a union over the keys that they have in common. The first time that they go by.

use std::collections::BTreeMap;

use glyph_formats::{Finding, Severity};
use rustc_hash::FxHashMap;

use super::{
    detail::{CaseInFull, Joined},
    digest::{self, Sixteen},
    keys::{self, Key},
};

/// Findings that are being joined.
#[derive(Debug, Default)]
pub struct Joining {
    /// A number for each key.
    numbers: FxHashMap<Sixteen, u32>,
    /// For each number an earlier one that is joined with it, or itself.
    parents: Vec<u32>,
    /// For the first of those that are joined, the key that names them.
    names: Vec<Option<Key>>,
    /// How many findings each plugin made, by the number of their first key.
    sources: BTreeMap<(u32, String), Counted>,
    claims: FxHashMap<Sixteen, Claim>,
}

/// A claim: who says what about what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) severity: Severity,
    /// The number of a key.
    key: u32,
}

/// A plugin's findings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) findings: u64,
    pub(super) has_evidence: bool,
}

impl Joining {
    /// Takes a finding.
    pub fn add(&mut self, finding: &Finding) {
        let mut root = None;
        for key in keys::of(finding) {
            let number = self.number(key);
            root = Some(root.map_or(number, |root| self.unite(root, number)));
        }
        // There is one: no finding is without.
        let Some(key) = root else { return };
        let counted = self.sources.entry((key, finding.plugin.clone())).or_default();
        counted.findings += 1;
        counted.has_evidence |= finding.evidence.is_some();
        let claim = self.claims.entry(claim_of(finding)).or_insert(Claim { severity: finding.severity, key });
        claim.severity = claim.severity.max(finding.severity);
    }

    /// All of them are there: which are together is known. They are to come once more.
    pub fn join(mut self, seed: &str) -> Joined {
        let mut places: BTreeMap<u32, usize> = BTreeMap::new();
        let mut cases = Vec::new();
        for number in 0..self.parents.len() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            if root(&mut self.parents, number) != number {
                continue;
            }
            let name = self.names[number as usize].take().map(|key| key.to_string()).unwrap_or_default();
            places.insert(number, cases.len());
            cases.push(CaseInFull::new(seed, name));
        }
        for ((key, plugin), counted) in self.sources {
            let sources = &mut cases[places[&root(&mut self.parents, key)]].sources;
            let source: &mut Counted = sources.entry(plugin).or_default();
            source.findings += counted.findings;
            source.has_evidence |= counted.has_evidence;
        }
        for claim in self.claims.values() {
            let case = &mut cases[places[&root(&mut self.parents, claim.key)]];
            case.weights.add(claim.severity);
        }
        let place = |key: u32, parents: &mut Vec<u32>| places[&root(parents, key)];
        let parents = &mut self.parents;
        let by_key = self.numbers.into_iter().map(|(key, number)| (key, place(number, parents))).collect();
        Joined::new(seed, cases, by_key, self.claims)
    }

    fn number(&mut self, key: Key) -> u32 {
        let next = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(key.digest()).or_insert(next);
        if number == next {
            self.parents.push(next);
            self.names.push(Some(key));
        }
        number
    }

    /// Joins what belongs to both, under the earlier number and the first of the names.
    fn unite(&mut self, one: u32, other: u32) -> u32 {
        let (a, b) = (root(&mut self.parents, one), root(&mut self.parents, other));
        let (first, second) = (a.min(b), a.max(b));
        if first != second {
            self.parents[second as usize] = first;
            let names = [self.names[first as usize].take(), self.names[second as usize].take()];
            self.names[first as usize] = names.into_iter().flatten().min();
        }
        first
    }
}

/// What tells a claim from others.
pub(super) fn claim_of(finding: &Finding) -> Sixteen {
    digest::of(&[&finding.plugin, &finding.kind, &finding.target])
}

/// The first of those that are joined, with shorter ways for who comes next.
fn root(parents: &mut [u32], mut i: u32) -> u32 {
    while parents[i as usize] != i {
        parents[i as usize] = parents[parents[i as usize] as usize];
        i = parents[i as usize];
    }
    i
}
