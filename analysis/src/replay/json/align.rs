//! Which elements of two arrays belong together.
//!
//! Elements are told by a number (`digest`). What begins and ends alike is set aside; of what is between, elements that are
//! there once on both sides and in the same order are fixed points (patience diff); between these, elements are paired so that
//! as many of their members as may be are equal. `similar`, which would give edits of the numbers, knows nothing of likeness:
//! an element that changed beside one that was inserted would be two that went and three that came.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{Walk, node::Node};
use crate::replay::{comparison::Kind, rules::Step, told};

/// Blocks of more pairs are compared position by position.
const PAIRS: usize = 1 << 16;
/// What leaving an element alone costs; a pair costs up to twice as much, by how little of it is equal.
const ALONE: u32 = 16;

/// An element of each side, or of one.
type Pair = (Option<usize>, Option<usize>);

/// A list, from one of its elements on: what stands before begins alike on both sides, and so does what stands behind end.
struct Middle<'m, 'a> {
    nodes: &'m [Node<'a>],
    from: usize,
    digests: Vec<Option<u64>>,
}

impl<'a> Walk<'a, '_, '_> {
    /// Compares two lists. Their elements are at `$[0]`, or, if the list itself is no JSON, at `line 1 $`. If one of them is cut,
    /// what stands alone at its end may have its like behind it.
    pub(super) fn elements(
        &mut self,
        recorded: &[Node<'a>],
        new: &[Node<'a>],
        called: Option<&str>,
        cut: bool,
    ) {
        let (head, tail) = self.ends(recorded, new, called);
        if self.probe.is_some() {
            let all = head == recorded.len() && head == new.len();
            self.probe = self.probe.map(|same| same && all);
            return;
        }
        let (old, other) = (self.middle(recorded, head, tail, called), self.middle(new, head, tail, called));
        if let Some(at) = reordered(&old.digests, &other.digests) {
            // Who leaves out the elements leaves out their order.
            let Some(()) = self.element(head + at, called, |_| ()) else { return };
            let first = |node: &Node<'_>| match called {
                Some(called) => format!("{called} {}: {}", head + at + 1, told::json(node.text)),
                None => format!("[{}]: {}", head + at, told::json(node.text)),
            };
            let (old, new) = (first(&recorded[head + at]), first(&new[head + at]));
            return self.tell(Kind::Order, Some(old), Some(new));
        }
        let mut pairs = self.pairs(&old, &other);
        while cut && let Some((None, _) | (_, None)) = pairs.last() {
            pairs.pop();
        }
        for pair in pairs {
            match pair {
                (Some(i), Some(j)) => self.element(i, called, |walk| walk.nodes(&recorded[i], &new[j])),
                (Some(i), None) => self.element(i, called, |walk| walk.missing(&recorded[i])),
                (None, Some(j)) => self.element(j, called, |walk| walk.added(&new[j])),
                (None, None) => None,
            };
        }
    }

    /// How many elements are the same from the beginning on, and from the end. Where there are tokens nothing is, before they have
    /// been compared in their order.
    fn ends(&mut self, recorded: &[Node<'a>], new: &[Node<'a>], called: Option<&str>) -> (usize, usize) {
        if self.tokens && self.probe.is_none() {
            return (0, 0);
        }
        let mut are_same = |i: usize, j: usize| {
            self.element(i, called, |walk| walk.are_same(&recorded[i], &new[j])).unwrap_or(true)
        };
        let shorter = recorded.len().min(new.len());
        let head = (0..shorter).take_while(|at| are_same(*at, *at)).count();
        let (n, m) = (recorded.len(), new.len());
        let tail = (1..=shorter - head).take_while(|back| are_same(n - back, m - back)).count();
        (head, tail)
    }

    /// Whether two values are the same, without telling what differs.
    fn are_same(&mut self, recorded: &Node<'a>, new: &Node<'a>) -> bool {
        let outer = self.probe.replace(true);
        self.nodes(recorded, new);
        std::mem::replace(&mut self.probe, outer).unwrap_or(true)
    }

    fn middle<'m>(
        &mut self,
        nodes: &'m [Node<'a>],
        head: usize,
        tail: usize,
        called: Option<&str>,
    ) -> Middle<'m, 'a> {
        let nodes = &nodes[..nodes.len() - tail];
        let digest = |(at, node)| match called {
            Some(_) => Some(self.digest(node)),
            None => self.at(Step::Index(at), |walk| walk.digest(node)),
        };
        let digests = nodes.iter().enumerate().skip(head).map(digest).collect();
        Middle { nodes, from: head, digests }
    }

    /// Does that at an element, unless that is left out.
    fn element<T>(
        &mut self,
        at: usize,
        called: Option<&str>,
        compare: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let Some(called) = called else { return self.at(Step::Index(at), compare) };
        let root = std::mem::replace(&mut self.root, format!("body {called} {} ", at + 1));
        let compared = compare(self);
        self.root = root;
        Some(compared)
    }

    fn pairs(&mut self, recorded: &Middle<'_, 'a>, new: &Middle<'_, 'a>) -> Vec<Pair> {
        let (mut pairs, mut i, mut j) = (Vec::new(), recorded.from, new.from);
        for (old, other) in fixed_points(&recorded.digests, &new.digests) {
            let (old, other) = (recorded.from + old, new.from + other);
            self.block((recorded, i..old), (new, j..other), &mut pairs);
            pairs.push((Some(old), Some(other)));
            (i, j) = (old + 1, other + 1);
        }
        self.block((recorded, i..recorded.nodes.len()), (new, j..new.nodes.len()), &mut pairs);
        pairs
    }

    /// Pairs what stands between two fixed points, at the least cost.
    fn block(
        &mut self,
        (recorded, old): (&Middle<'_, 'a>, Range<usize>),
        (new, other): (&Middle<'_, 'a>, Range<usize>),
        pairs: &mut Vec<Pair>,
    ) {
        let (n, m) = (old.len(), other.len());
        if n.min(m) == 0 || n == m && n == 1 || n.saturating_mul(m) > PAIRS {
            let at = |range: &Range<usize>, k: usize| (k < range.len()).then(|| range.start + k);
            pairs.extend((0..n.max(m)).map(|k| (at(&old, k), at(&other, k))));
            return;
        }
        let mut members = |nodes: &[Node<'a>], range: &Range<usize>| -> Vec<Vec<u64>> {
            nodes[range.clone()].iter().map(|node| self.members(node)).collect()
        };
        let (members, others) = (members(recorded.nodes, &old), members(new.nodes, &other));
        let digest = |middle: &Middle<'_, 'a>, at: usize| middle.digests[at - middle.from];
        let pairing =
            |i: usize, j: usize| match digest(recorded, old.start + i) == digest(new, other.start + j) {
                true => 0,
                false => 2 * ALONE - in_common(&members[i], &others[j]),
            };
        for (i, j) in cheapest(n, m, pairing) {
            pairs.push((i.map(|i| old.start + i), j.map(|j| other.start + j)));
        }
    }
}

/// Pairs so many elements, in their order, so that it costs least.
fn cheapest(n: usize, m: usize, pairing: impl Fn(usize, usize) -> u32) -> Vec<Pair> {
    // What it costs at least to pair all from (i, j) on.
    let width = m + 1;
    let mut least = vec![0_u32; (n + 1) * width];
    for i in (0..=n).rev() {
        for j in (0..=m).rev() {
            least[i * width + j] = match (i == n, j == m) {
                (true, _) => ALONE * (m - j) as u32,
                (_, true) => ALONE * (n - i) as u32,
                _ => (pairing(i, j) + least[(i + 1) * width + j + 1])
                    .min(ALONE + least[(i + 1) * width + j].min(least[i * width + j + 1])),
            };
        }
    }
    let (mut pairs, mut i, mut j) = (Vec::with_capacity(n.max(m)), 0, 0);
    while i < n || j < m {
        let rest = least[i * width + j];
        if i < n && j < m && rest == pairing(i, j) + least[(i + 1) * width + j + 1] {
            pairs.push((Some(i), Some(j)));
            (i, j) = (i + 1, j + 1);
        } else if i < n && rest == ALONE + least[(i + 1) * width + j] {
            pairs.push((Some(i), None));
            i += 1;
        } else {
            pairs.push((None, Some(j)));
            j += 1;
        }
    }
    pairs
}

/// How much two objects have in common, of twice [`ALONE`] at most; both sorted.
fn in_common(members: &[u64], others: &[u64]) -> u32 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(a), Some(b)) = (members.get(i), others.get(j)) {
        common += usize::from(a == b);
        i += usize::from(a <= b);
        j += usize::from(a >= b);
    }
    let all = members.len().max(others.len()).max(1);
    (common * (2 * ALONE as usize - 1) / all) as u32
}

/// Where they first differ, if both have the same elements in another order.
fn reordered(olds: &[Option<u64>], news: &[Option<u64>]) -> Option<usize> {
    let sorted = |digests: &[Option<u64>]| {
        let mut digests = digests.to_vec();
        digests.sort_unstable();
        digests
    };
    (olds.len() == news.len() && sorted(olds) == sorted(news))
        .then(|| olds.iter().zip(news).position(|(old, new)| old != new))
        .flatten()
}

/// Elements that are there once on each side: the longest run of them that is in the same order on both.
fn fixed_points(olds: &[Option<u64>], news: &[Option<u64>]) -> Vec<(usize, usize)> {
    let mut places = FxHashMap::<u64, [(usize, usize); 2]>::default();
    for (side, digests) in [olds, news].into_iter().enumerate() {
        for (at, digest) in digests.iter().enumerate() {
            let Some(digest) = digest else { continue };
            let (count, place) = &mut places.entry(*digest).or_default()[side];
            *count += 1;
            *place = at;
        }
    }
    let mut once: Vec<_> = places
        .into_values()
        .filter(|[(count, _), (other, _)]| (*count, *other) == (1, 1))
        .map(|[(_, old), (_, new)]| (old, new))
        .collect();
    once.sort_unstable();
    longest_rising(&once)
}

/// The longest run of pairs whose second numbers rise, too.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last of the best run of each length, and what stands before each pair in its run.
    let (mut last, mut before) = (Vec::<usize>::new(), vec![None; pairs.len()]);
    for (at, (_, new)) in pairs.iter().enumerate() {
        let length = last.partition_point(|end| pairs[*end].1 < *new);
        before[at] = length.checked_sub(1).map(|shorter| last[shorter]);
        match last.get_mut(length) {
            Some(end) => *end = at,
            None => last.push(at),
        }
    }
    let mut run = Vec::with_capacity(last.len());
    let mut at = last.last().copied();
    while let Some(pair) = at {
        run.push(pairs[pair]);
        at = before[pair];
    }
    run.reverse();
    run
}
