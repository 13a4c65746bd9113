//! The critical path: which spans' own work somebody waited for.
//!
//! From each root backwards: the child that finishes last is on the path; before it, the last-finishing child that
//! ends no later than that one starts (`<=`: spans that touch follow each other); and so on to the span's start.
//! What no such child covers is the span's own part of the path, even while other children run that nobody waited
//! for: it can be more than the self time. Within a child the same holds again. A child that outlives its
//! parent is clipped to it: after its parent's end nobody waited. Of children that end together, the one that
//! started first is taken. A span whose parent is in none of the files is a root too, with a path of its own, so
//! that over a trace the path adds up to the durations of its roots.

use super::tree::Tree;

/// What lies on the critical paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CriticalPath {
    /// Of each span, its own part of the path in nanoseconds.
    pub own_ns: Vec<u64>,
    /// Whether the path goes through the span, be it with no time of the span's own.
    pub contains: Vec<bool>,
}

/// Finds the critical path of every root. `end` must not be before `start`.
pub fn critical_path(start: &[u64], end: &[u64], tree: &Tree) -> CriticalPath {
    let mut path = CriticalPath { own_ns: vec![0; tree.len()], contains: vec![false; tree.len()] };
    follow(tree.roots(), start, end, tree, |span, from, to| {
        path.contains[span] = true;
        path.own_ns[span] += to - from;
    });
    path
}

/// When each span of trace `t` was what the trace waited for: `(span, from, to)`, with none that is empty. Of each span
/// these add up to [`CriticalPath::own_ns`].
pub fn stretches(start: &[u64], end: &[u64], tree: &Tree, t: usize) -> Vec<(usize, u64, u64)> {
    let mut stretches = Vec::new();
    let roots = tree.trace(t).iter().map(|i| *i as usize).filter(|i| tree.parent(*i).is_none());
    follow(roots, start, end, tree, |span, from, to| {
        if from < to {
            stretches.push((span, from, to));
        }
    });
    stretches
}

/// Goes along the path of each root and tells `own` the stretches that a span has to itself: for each span on the path
/// at least one, be it an empty one.
fn follow(
    roots: impl Iterator<Item = usize>,
    start: &[u64],
    end: &[u64],
    tree: &Tree,
    mut own: impl FnMut(usize, u64, u64),
) {
    // Spans on the path whose own part is still to be found, with the window that their ancestors leave them.
    let mut open: Vec<(usize, u64, u64)> = Vec::new();
    let mut children: Vec<(u64, u64, u32)> = Vec::new();
    for root in roots {
        open.push((root, start[root], end[root]));
        while let Some((span, from, to)) = open.pop() {
            children.clear();
            children.extend(tree.children(span).iter().filter_map(|c| {
                let clipped = (start[*c as usize].max(from), end[*c as usize].min(to));
                (clipped.0 <= clipped.1).then_some((clipped.1, clipped.0, *c))
            }));
            children.sort_unstable_by_key(|(end, start, c)| (std::cmp::Reverse(*end), *start, *c));
            let mut next_start = to;
            for (child_end, child_start, child) in &children {
                if *child_end <= next_start {
                    own(span, *child_end, next_start);
                    next_start = *child_start;
                    open.push((*child as usize, *child_start, *child_end));
                }
            }
            own(span, from, next_start);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::arbitrary::{Forest, forest};

    fn path(spans: &[(Option<usize>, u64, u64)]) -> Vec<u64> {
        let f = Forest::of(spans);
        critical_path(&f.start, &f.end, &f.tree).own_ns
    }

    #[test]
    fn of_concurrent_children_the_last_to_finish_is_waited_for() {
        assert_eq!(path(&[(None, 0, 100), (Some(0), 10, 50), (Some(0), 30, 80)]), [50, 0, 50]);
    }

    #[test]
    fn children_that_touch_follow_each_other() {
        assert_eq!(path(&[(None, 0, 100), (Some(0), 0, 50), (Some(0), 50, 100)]), [0, 50, 50]);
    }

    #[test]
    fn a_span_without_time_of_its_own_is_on_the_path_too() {
        let f = Forest::of(&[(None, 0, 10), (Some(0), 0, 10)]);
        let path = critical_path(&f.start, &f.end, &f.tree);
        assert_eq!((path.own_ns, path.contains), (vec![0, 10], vec![true, true]));
    }

    #[test]
    fn what_a_child_does_after_its_parent_nobody_waits_for() {
        let spans = [(None, 0, 100), (Some(0), 80, 300), (Some(1), 250, 290), (Some(0), 120, 130)];
        assert_eq!(path(&spans), [80, 20, 0, 0]);
    }

    #[test]
    fn a_grandchild_is_clipped_to_what_is_left_of_its_parent() {
        assert_eq!(path(&[(None, 0, 100), (Some(0), 80, 300), (Some(1), 90, 290)]), [80, 10, 10]);
    }

    /// The rule word by word, one call for each span on the path.
    fn by_the_rule(f: &Forest, span: usize, from: u64, to: u64, on_path: &mut [u64]) {
        let mut limit = to;
        let mut left: Vec<usize> = f.tree.children(span).iter().map(|c| *c as usize).collect();
        loop {
            let clipped = |c: usize| (f.start[c].max(from), f.end[c].min(to));
            left.retain(|c| clipped(*c).0 <= clipped(*c).1);
            let last = left
                .iter()
                .copied()
                .filter(|c| clipped(*c).1 <= limit)
                .min_by_key(|c| (u64::MAX - clipped(*c).1, clipped(*c).0, *c));
            let Some(child) = last else { break };
            let (child_from, child_to) = clipped(child);
            on_path[span] += limit - child_to;
            by_the_rule(f, child, child_from, child_to, on_path);
            limit = child_from;
            left.retain(|c| *c != child);
        }
        on_path[span] += limit - from;
    }

    proptest! {
        #[test]
        fn the_path_is_what_the_rule_says(f in forest(14, 30)) {
            let mut expected = vec![0; f.start.len()];
            for root in f.tree.roots() {
                by_the_rule(&f, root, f.start[root], f.end[root], &mut expected);
            }
            prop_assert_eq!(critical_path(&f.start, &f.end, &f.tree).own_ns, expected);
        }

        #[test]
        fn the_path_adds_up_to_the_roots(f in forest(14, 30)) {
            let roots: u64 = f.tree.roots().map(|r| f.end[r] - f.start[r]).sum();
            prop_assert_eq!(critical_path(&f.start, &f.end, &f.tree).own_ns.iter().sum::<u64>(), roots);
        }

        #[test]
        fn stretches_follow_each_other_and_add_up_to_the_path(f in forest(14, 30)) {
            let mut stretches = stretches(&f.start, &f.end, &f.tree, 0);
            let mut sums = vec![0; f.start.len()];
            for (span, from, to) in &stretches {
                prop_assert!(f.start[*span] <= *from && from < to && *to <= f.end[*span]);
                sums[*span] += to - from;
            }
            prop_assert_eq!(sums, critical_path(&f.start, &f.end, &f.tree).own_ns);
            if f.tree.roots().count() == 1 {
                stretches.sort_unstable_by_key(|stretch| stretch.1);
                prop_assert!(stretches.windows(2).all(|two| two[0].2 == two[1].1));
            }
        }

        #[test]
        fn no_span_has_more_of_the_path_than_it_lasts(f in forest(14, 30)) {
            let durations = f.start.iter().zip(&f.end).map(|(s, e)| e - s);
            for (on_path, duration) in critical_path(&f.start, &f.end, &f.tree).own_ns.iter().zip(durations) {
                prop_assert!(*on_path <= duration);
            }
        }
    }
}
