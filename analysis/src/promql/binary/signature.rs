//! Which elements of two vectors may meet: those that agree in the labels that count.

use rustc_hash::FxHashMap;

use super::super::{ast::Matching, row::Row};
use crate::metrics::{Labels, labels::NAME};

/// The labels in which elements have to agree.
pub(super) fn of(labels: &Labels, matching: &Matching) -> Labels {
    let named = |name: &str| matching.labels.iter().any(|l| l == name);
    if matching.on {
        return labels.filtered(named);
    }
    labels.filtered(|name| name != NAME && !named(name))
}

/// Rows of two sides, by their signatures. A signature is a number here; the same on both sides.
pub(super) struct Signatures {
    /// Of each row on the left.
    pub(super) left: Vec<usize>,
    /// Of each row on the right.
    pub(super) right: Vec<usize>,
    /// How many different ones there are.
    pub(super) count: usize,
}

impl Signatures {
    pub(super) fn new(left: &[Row], right: &[Row], matching: &Matching) -> Self {
        let mut numbers: FxHashMap<Labels, usize> = FxHashMap::default();
        let mut number = |row: &Row| {
            let next = numbers.len();
            *numbers.entry(of(&row.labels, matching)).or_insert(next)
        };
        let left = left.iter().map(&mut number).collect();
        let right = right.iter().map(&mut number).collect();
        Self { left, right, count: numbers.len() }
    }

    /// The rows of each signature.
    pub(super) fn members(&self, side: &[usize]) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.count];
        for (row, signature) in side.iter().enumerate() {
            members[*signature].push(row);
        }
        members
    }
}
