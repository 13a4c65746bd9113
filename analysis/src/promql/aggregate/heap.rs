//! The best of a group, in a binary heap with the worst of them on top.
//!
//! Which of several equal values stay, and in which order they come, follows from how a heap is kept. It is kept as Go's
//! `container/heap` keeps one (sifting up from the end, down from the top; the left child unless the right one is
//! less), so that ties fall as they do in Prometheus. The standard library's heap leaves that open.

use std::cmp::Ordering;

/// A value and the row that it is from.
pub(super) type Entry = (f64, usize);

/// Some entries, the worst at the front.
pub(super) struct Heap {
    entries: Vec<Entry>,
    /// Whether greater values are better.
    greatest: bool,
}

impl Heap {
    pub(super) fn new(greatest: bool) -> Self {
        Self { entries: Vec::new(), greatest }
    }

    /// Keeps the entry if there is room for it among `k`, or if it is better than the worst.
    pub(super) fn offer(&mut self, entry: Entry, k: usize) {
        if self.entries.len() < k {
            return self.push(entry);
        }
        let worst = self.entries[0].0;
        let better = if self.greatest { worst < entry.0 } else { worst > entry.0 };
        if better || (worst.is_nan() && !entry.0.is_nan()) {
            self.entries[0] = entry;
            self.sift_down();
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        let mut at = self.entries.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.is_worse(at, parent) {
                break;
            }
            self.entries.swap(at, parent);
            at = parent;
        }
    }

    fn sift_down(&mut self) {
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            if left >= self.entries.len() {
                return;
            }
            let right = left + 1;
            let child = if right < self.entries.len() && self.is_worse(right, left) { right } else { left };
            if !self.is_worse(child, at) {
                return;
            }
            self.entries.swap(at, child);
            at = child;
        }
    }

    /// NaN is worse than anything.
    fn is_worse(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.entries[a].0, self.entries[b].0);
        a.is_nan() || if self.greatest { a < b } else { a > b }
    }

    /// The entries as they lie.
    pub(super) fn entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The entries, the best first.
    pub(super) fn sorted(self) -> Vec<Entry> {
        let Self { mut entries, greatest } = self;
        entries.sort_by(|(a, _), (b, _)| {
            let by_value = || {
                let ascending = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if greatest { ascending.reverse() } else { ascending }
            };
            a.is_nan().cmp(&b.is_nan()).then_with(by_value)
        });
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(values: &[f64], k: usize, greatest: bool) -> Vec<usize> {
        let mut heap = Heap::new(greatest);
        values.iter().enumerate().for_each(|(i, value)| heap.offer((*value, i), k));
        heap.sorted().into_iter().map(|(_, i)| i).collect()
    }

    #[test]
    fn the_best_stay_and_come_first() {
        let values = [3.0, f64::NAN, 1.0, 7.0, 5.0];
        assert_eq!(best(&values, 2, true), [3, 4]);
        assert_eq!(best(&values, 2, false), [2, 0]);
        assert_eq!(best(&values, 9, true), [3, 4, 0, 2, 1]);
        assert_eq!(best(&values, 9, false), [2, 0, 4, 3, 1]);
    }

    #[test]
    fn of_equals_the_one_on_top_goes() {
        assert_eq!(best(&[1.0, 1.0, 1.0], 2, true), [0, 1]);
        assert_eq!(best(&[1.0, 1.0, 2.0], 2, true), [2, 1]);
    }
}
