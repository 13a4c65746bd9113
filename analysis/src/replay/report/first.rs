//! The first of many, by the order in which they were recorded, whichever came first to be told.

use std::collections::BTreeMap;

/// By the number of a flow in its run; equal ones, of several runs, by which was told first.
type Order = (u64, u64);

/// At most so many of them.
#[derive(Debug)]
pub(super) struct First<T> {
    most: usize,
    told: u64,
    kept: BTreeMap<Order, T>,
}

impl<T> First<T> {
    pub(super) fn of(most: usize) -> Self {
        Self { most, told: 0, kept: BTreeMap::new() }
    }

    /// Keeps it if it is among the first.
    pub(super) fn add(&mut self, sequence: u64, make: impl FnOnce() -> T) {
        self.told += 1;
        let order = (sequence, self.told);
        if self.kept.len() < self.most || self.kept.last_key_value().is_some_and(|(last, _)| order < *last) {
            self.kept.insert(order, make());
            if self.kept.len() > self.most {
                self.kept.pop_last();
            }
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        for ((sequence, _), kept) in other.kept {
            self.add(sequence, || kept);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.values()
    }
}
