//! Which lane each span is drawn on.
//!
//! A viewer nests slices of a lane by their times alone. So a span goes on its parent's lane only if there the
//! parent is the innermost open slice and lasts at least as long; otherwise on a lane of its service on which
//! nothing is open. Thus no span is ever drawn inside one that is not its ancestor. Where a span is not
//! inside its parent, an arrow leads to it.
//!
//! Viewers hold times as microseconds in doubles, in which `start + duration` may come out a hair beside the exact
//! end, and they differ in what they do where one slice ends and another starts. So slices never touch on a lane
//! unless one is inside the other, and one that ends with its parent is inside it in doubles, too.
//!
//! In: columns and the tree. Out: numbers. Not here: any file.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use super::tree::Tree;

const NONE: u32 = u32::MAX;

/// Where everything goes.
#[derive(Debug, Default)]
pub struct Layout {
    /// The spans by start, then by depth, then by descending end: of those that start together, ancestors come before
    /// descendants, also where the descendant is the longer one.
    pub order: Vec<u32>,
    /// The lane of each span, as a position in [`Layout::lanes`].
    pub lane: Vec<u32>,
    /// All lanes.
    pub lanes: Vec<Lane>,
    has_arrow: Vec<bool>,
}

/// One lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The group of spans that it belongs to: the code of the service.
    pub group: u32,
    /// Which of the group's lanes it is, from 0.
    pub number: u32,
}

impl Layout {
    /// Lays out spans. `group` keeps spans apart that share no lane; `end` must not be before `start`.
    pub fn of(group: &[u32], start: &[u64], end: &[u64], tree: &Tree) -> Self {
        let depths = tree.depths();
        let mut order: Vec<u32> = (0..tree.len() as u32).collect();
        order.sort_unstable_by_key(|i| {
            let i = *i as usize;
            (start[i], depths[i], Reverse(end[i]), i)
        });
        drop(depths);
        let base = order.first().map_or(0, |first| start[*first as usize]);
        let mut placing = Placing::new(start, end, tree, base);
        for i in &order {
            placing.place(*i as usize, group[*i as usize]);
        }
        let Placing { lane, lanes, .. } = placing;
        let has_arrow = |i| {
            let is_outside = |parent: usize| lane[parent] != lane[i] || end[parent] <= start[i];
            tree.parent(i).is_some_and(|parent| is_outside(parent) && start[parent] <= start[i])
        };
        let has_arrow = (0..tree.len()).map(has_arrow).collect();
        Self { order, lane, lanes: lanes.into_iter().map(|open| open.lane).collect(), has_arrow }
    }

    /// Whether an arrow leads from the start of span `i`'s parent to that of the span: it is not drawn inside the parent,
    /// which starts no later. No viewer draws an arrow back in time.
    pub fn has_arrow(&self, i: usize) -> bool {
        self.has_arrow[i]
    }

    /// The children of span `i` to which an arrow leads.
    pub fn arrows_from<'a>(&'a self, i: usize, tree: &'a Tree) -> impl Iterator<Item = usize> + 'a {
        tree.children(i).iter().map(|child| *child as usize).filter(|child| self.has_arrow(*child))
    }
}

/// A lane while it is being filled.
struct OpenLane {
    lane: Lane,
    /// Slices that are open, each inside the one before.
    open: Vec<u32>,
    /// When its first slice starts.
    first_start: u64,
    /// When the last slice ended, if one has.
    last_end: Option<u64>,
}

/// The lanes of one group on which nothing is open, and those on which something is, by when it ends.
#[derive(Default)]
struct Group {
    lanes: u32,
    empty: BTreeSet<u32>,
    busy: BinaryHeap<Reverse<(u64, u32)>>,
}

/// The state between one span of the order and the next.
struct Placing<'a> {
    start: &'a [u64],
    end: &'a [u64],
    tree: &'a Tree,
    /// The start of all, from which viewers count.
    base: u64,
    /// The lane of each span, [`NONE`] for those to come.
    lane: Vec<u32>,
    lanes: Vec<OpenLane>,
    groups: Vec<Group>,
}

impl<'a> Placing<'a> {
    fn new(start: &'a [u64], end: &'a [u64], tree: &'a Tree, base: u64) -> Self {
        Self { start, end, tree, base, lane: vec![NONE; tree.len()], lanes: Vec::new(), groups: Vec::new() }
    }

    /// Puts the next span of the order on a lane.
    fn place(&mut self, i: usize, group: u32) {
        let lane = self.parents_lane(i, group).unwrap_or_else(|| self.empty_lane(i, group));
        self.lanes[lane as usize].open.push(i as u32);
        self.lane[i] = lane;
    }

    /// The lane of the span's parent, if the span fits there directly inside the parent.
    fn parents_lane(&mut self, i: usize, group: u32) -> Option<u32> {
        let parent = self.tree.parent(i)?;
        let lane = self.lane[parent];
        if lane == NONE || self.lanes[lane as usize].lane.group != group {
            return None;
        }
        let (start, end) = (self.start[i], self.end[i]);
        self.settle(lane, start);
        let OpenLane { open, last_end, first_start, .. } = &self.lanes[lane as usize];
        let is_innermost = open.last() == Some(&(parent as u32));
        let beside = last_end.is_none_or(|last| last < start);
        // Of an empty slice at the start of another, not every viewer can tell that it is inside.
        let inside = (start < end || self.start[parent] < start)
            && (end < self.end[parent]
                || end == self.end[parent] && self.ends_shown_in(i, parent, *first_start));
        (is_innermost && inside && beside).then_some(lane)
    }

    /// A lane on which nothing is open, and on which the last slice has ended before this one starts.
    fn empty_lane(&mut self, i: usize, group: u32) -> u32 {
        if self.groups.len() <= group as usize {
            self.groups.resize_with(group as usize + 1, Group::default);
        }
        while let Some(Reverse((end, lane))) = self.groups[group as usize].busy.peek().copied() {
            if end >= self.start[i] {
                break;
            }
            self.settle(lane, end);
            let group = &mut self.groups[group as usize];
            group.busy.pop();
            group.empty.insert(lane);
        }
        let of = &mut self.groups[group as usize];
        let lane = of.empty.pop_first().unwrap_or_else(|| {
            let lane = Lane { group, number: of.lanes };
            of.lanes += 1;
            self.lanes.push(OpenLane { lane, open: Vec::new(), first_start: self.start[i], last_end: None });
            self.lanes.len() as u32 - 1
        });
        of.busy.push(Reverse((self.end[i], lane)));
        lane
    }

    /// Closes what has ended on a lane.
    fn settle(&mut self, lane: u32, now: u64) {
        while let Some(top) = self.lanes[lane as usize].open.last().map(|t| *t as usize) {
            let end = self.end[top];
            if end > now {
                return;
            }
            let of = &mut self.lanes[lane as usize];
            of.open.pop();
            of.last_end = of.last_end.max(Some(end));
        }
    }

    /// Whether a span that ends with its parent does so in a viewer's doubles, too, whether it counts from the start
    /// of all or from that of the lane.
    fn ends_shown_in(&self, i: usize, parent: usize, lane_start: u64) -> bool {
        let micros = |ns: u64| ns as f64 / 1_000.0;
        let shown_end = |i: usize, zero: f64| {
            micros(self.start[i] - self.base) - zero + micros(self.end[i] - self.start[i])
        };
        [0.0, micros(lane_start - self.base)]
            .iter()
            .all(|zero| shown_end(i, *zero) <= shown_end(parent, *zero))
    }
}

#[cfg(test)]
mod tests;
