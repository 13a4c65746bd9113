//! Who caused whom: each span's parent and children, by position.
//!
//! In: the columns with the ids. Out: a [`Tree`] in which every way up ends at a root, whatever the file claims.
//! Nothing here recurses: traces may be as deep as the file is long.

use super::oddity::{Oddities, Oddity};

const NONE: u32 = u32::MAX;

/// The columns that a tree is made of.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// The trace of each span, as a number below `traces`.
    pub trace: &'a [u32],
    /// How many traces there are.
    pub traces: usize,
    /// The id of each span.
    pub span_id: &'a [u64],
    /// The id of each span's parent, zero for none.
    pub parent_id: &'a [u64],
    /// When each span starts.
    pub start: &'a [u64],
}

/// Parents and children of spans, all by position in the columns.
#[derive(Debug, Default)]
pub struct Tree {
    parent: Vec<u32>,
    children: Groups,
    traces: Groups,
}

impl Tree {
    /// Finds each span's parent among the spans of its trace, counts what is odd, and breaks cycles.
    pub fn resolve(links: Links<'_>, oddities: &mut Oddities) -> Self {
        let traces = Groups::by(links.trace, links.traces);
        let mut parent = find_parents(&links, &traces, oddities);
        break_cycles(&mut parent, links.start, oddities);
        let mut children = Groups::by(&parent, parent.len());
        for i in 0..parent.len() {
            children.get_mut(i).sort_unstable_by_key(|c| (links.start[*c as usize], *c));
        }
        Self { parent, children, traces }
    }

    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.parent.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// The parent of span `i`; none for a root.
    pub fn parent(&self, i: usize) -> Option<usize> {
        let parent = self.parent[i];
        (parent != NONE).then_some(parent as usize)
    }

    /// The children of span `i`, by start.
    pub fn children(&self, i: usize) -> &[u32] {
        self.children.get(i)
    }

    /// The spans of trace `t`, in the order of the files.
    pub fn trace(&self, t: usize) -> &[u32] {
        self.traces.get(t)
    }

    /// Every span without a parent.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|i| self.parent[*i] == NONE)
    }

    /// How many ancestors each span has.
    pub fn depths(&self) -> Vec<u32> {
        let mut depths = vec![0; self.len()];
        let mut next: Vec<u32> = self.roots().map(|i| i as u32).collect();
        while let Some(i) = next.pop() {
            for child in self.children(i as usize) {
                depths[*child as usize] = depths[i as usize] + 1;
                next.push(*child);
            }
        }
        depths
    }
}

fn find_parents(links: &Links<'_>, traces: &Groups, oddities: &mut Oddities) -> Vec<u32> {
    let mut parent = vec![NONE; links.span_id.len()];
    let (mut orphans, mut duplicates) = (0, 0);
    let mut by_id: Vec<(u64, u32)> = Vec::new();
    for trace in 0..links.traces {
        let spans = traces.get(trace);
        by_id.clear();
        by_id.extend(spans.iter().map(|i| (links.span_id[*i as usize], *i)));
        by_id.sort_unstable();
        by_id.dedup_by_key(|(id, _)| *id);
        duplicates += spans.len() - by_id.len();
        for i in spans {
            let wanted = links.parent_id[*i as usize];
            if wanted == 0 {
                continue;
            }
            match by_id.binary_search_by_key(&wanted, |(id, _)| *id) {
                Ok(at) => parent[*i as usize] = by_id[at].1,
                Err(_) => orphans += 1,
            }
        }
    }
    oddities.add(Oddity::DuplicateId, duplicates as u64);
    oddities.add(Oddity::Orphan, orphans);
    parent
}

/// Makes the earliest span of each cycle a root.
fn break_cycles(parent: &mut [u32], start: &[u64], oddities: &mut Oddities) {
    const UNSEEN: u32 = 0;
    // The walk on which a span was first met: each walk goes up from one span until it meets a known one.
    let mut walk_of = vec![UNSEEN; parent.len()];
    let mut cycles = 0;
    for from in 0..parent.len() {
        let walk = from as u32 + 1;
        let mut at = from as u32;
        while at != NONE && walk_of[at as usize] == UNSEEN {
            walk_of[at as usize] = walk;
            at = parent[at as usize];
        }
        if at == NONE || walk_of[at as usize] != walk {
            continue;
        }
        cycles += 1;
        let mut earliest = at;
        let mut other = parent[at as usize];
        while other != at {
            if (start[other as usize], other) < (start[earliest as usize], earliest) {
                earliest = other;
            }
            other = parent[other as usize];
        }
        parent[earliest as usize] = NONE;
    }
    oddities.add(Oddity::Cycle, cycles);
}

/// Positions sorted into groups, one vector for all: members of group `g` stand at `first[g]..first[g + 1]`.
#[derive(Debug, Default)]
struct Groups {
    first: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Sorts positions by the group that `group` names for each; those with a number of `groups` or more are left
    /// out. The order within a group is that of the positions.
    fn by(group: &[u32], groups: usize) -> Self {
        let mut first = vec![0_u32; groups + 1];
        for g in group {
            if (*g as usize) < groups {
                first[*g as usize + 1] += 1;
            }
        }
        for g in 0..groups {
            first[g + 1] += first[g];
        }
        let mut members = vec![0; first[groups] as usize];
        let mut next = first.clone();
        for (i, g) in group.iter().enumerate() {
            if let Some(at) = next[..groups].get_mut(*g as usize) {
                members[*at as usize] = i as u32;
                *at += 1;
            }
        }
        Self { first, members }
    }

    fn get(&self, group: usize) -> &[u32] {
        &self.members[self.range(group)]
    }

    fn get_mut(&mut self, group: usize) -> &mut [u32] {
        let range = self.range(group);
        &mut self.members[range]
    }

    fn range(&self, group: usize) -> std::ops::Range<usize> {
        self.first[group] as usize..self.first[group + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(span_id: &[u64], parent_id: &[u64]) -> (Tree, Oddities) {
        let mut oddities = Oddities::default();
        let n = span_id.len();
        let start: Vec<u64> = (0..n as u64).collect();
        let links = Links { trace: &vec![0; n], traces: 1, span_id, parent_id, start: &start };
        (Tree::resolve(links, &mut oddities), oddities)
    }

    #[test]
    fn children_find_their_parents_whatever_the_order() {
        let (tree, oddities) = resolve(&[3, 1, 2], &[2, 0, 1]);
        assert_eq!([tree.parent(0), tree.parent(1), tree.parent(2)], [Some(2), None, Some(1)]);
        assert_eq!(tree.depths(), [2, 0, 1]);
        assert!(oddities.is_empty());
    }

    #[test]
    fn a_parent_of_another_trace_is_none() {
        let mut oddities = Oddities::default();
        let links = Links { trace: &[0, 1], traces: 2, span_id: &[1, 2], parent_id: &[0, 1], start: &[0, 0] };
        let tree = Tree::resolve(links, &mut oddities);
        assert_eq!(tree.parent(1), None);
        assert_eq!(oddities.get(Oddity::Orphan), 1);
    }

    #[test]
    fn of_two_spans_with_one_id_the_first_has_the_children() {
        let (tree, oddities) = resolve(&[7, 7, 8], &[0, 0, 7]);
        assert_eq!(tree.parent(2), Some(0));
        assert_eq!(oddities.get(Oddity::DuplicateId), 1);
    }

    #[test]
    fn cycles_are_broken_at_the_earliest_span() {
        let (tree, oddities) = resolve(&[1, 2, 3, 4, 5], &[3, 1, 2, 4, 3]);
        assert_eq!(tree.roots().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(tree.depths(), [0, 1, 2, 0, 3]);
        assert_eq!(oddities.get(Oddity::Cycle), 2);
    }

    #[test]
    fn a_deep_trace_needs_no_stack() {
        let n = 200_000;
        let ids: Vec<u64> = (1..=n).collect();
        let parents: Vec<u64> = (0..n).collect();
        let (tree, _) = resolve(&ids, &parents);
        assert_eq!(tree.depths().last(), Some(&(n as u32 - 1)));
    }

    proptest! {
        #[test]
        fn every_way_up_ends_at_a_root(parents in proptest::collection::vec(0_u64..12, 1..12)) {
            let ids: Vec<u64> = (1..=parents.len() as u64).collect();
            let (tree, _) = resolve(&ids, &parents);
            for i in 0..tree.len() {
                let mut at = i;
                let mut steps = 0;
                while let Some(up) = tree.parent(at) {
                    prop_assert!(tree.children(up).contains(&(at as u32)));
                    at = up;
                    steps += 1;
                    prop_assert!(steps <= tree.len(), "a cycle is left");
                }
                prop_assert_eq!(steps, tree.depths()[i] as usize);
            }
        }
    }
}
