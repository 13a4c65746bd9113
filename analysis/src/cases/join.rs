//! Which belong together: a union over the keys that they have in common.

use std::collections::{BTreeMap, BTreeSet};

/// Groups of positions, each in ascending order: those that have a key in common, or are joined by others.
pub(super) fn join<K: Ord>(keys: &[BTreeSet<K>]) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..keys.len()).collect();
    let mut first: BTreeMap<&K, usize> = BTreeMap::new();
    for (i, keys) in keys.iter().enumerate() {
        for key in keys {
            let other = *first.entry(key).or_insert(i);
            let (a, b) = (root(&mut parents, i), root(&mut parents, other));
            // The earlier one, so that groups are in the order of their first members.
            parents[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in 0..keys.len() {
        groups.entry(root(&mut parents, i)).or_default().push(i);
    }
    groups.into_values().collect()
}

/// The first of a group, with shorter ways for who comes next.
fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}
