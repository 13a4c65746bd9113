//! Self time: how much of a span passed with none of its children running.
//!
//! A span's duration minus the *union* of its children's intervals, each clipped to the span: children that run at
//! the same time are subtracted once, and what a child does after its parent's end is not the parent's.

use super::tree::Tree;

/// The self time of each span in nanoseconds. `end` must not be before `start`.
pub fn self_times(start: &[u64], end: &[u64], tree: &Tree) -> Vec<u64> {
    (0..tree.len())
        .map(|i| {
            let mut covered = 0;
            // Children come by start, so that the union so far is everything up to `reached` that counts.
            let mut reached = start[i];
            for child in tree.children(i) {
                let from = start[*child as usize].max(reached);
                let to = end[*child as usize].min(end[i]);
                if to > from {
                    covered += to - from;
                    reached = to;
                }
            }
            end[i] - start[i] - covered
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::arbitrary::{Forest, forest};

    #[test]
    fn children_at_the_same_time_are_subtracted_once() {
        let f = Forest::of(&[(None, 0, 100), (Some(0), 10, 50), (Some(0), 30, 60), (Some(0), 90, 140)]);
        assert_eq!(self_times(&f.start, &f.end, &f.tree), [40, 40, 30, 50]);
    }

    #[test]
    fn a_child_outside_its_parent_takes_nothing() {
        let f = Forest::of(&[(None, 50, 60), (Some(0), 0, 50), (Some(0), 60, 70)]);
        assert_eq!(self_times(&f.start, &f.end, &f.tree), [10, 50, 10]);
    }

    proptest! {
        #[test]
        fn self_time_is_what_counting_nanoseconds_gives(f in forest(12, 40)) {
            let by_counting: Vec<u64> = (0..f.start.len())
                .map(|i| {
                    let runs = |c: &u32, ns| f.start[*c as usize] <= ns && ns < f.end[*c as usize];
                    (f.start[i]..f.end[i]).filter(|ns| !f.tree.children(i).iter().any(|c| runs(c, *ns))).count()
                        as u64
                })
                .collect();
            prop_assert_eq!(self_times(&f.start, &f.end, &f.tree), by_counting);
        }
    }
}
