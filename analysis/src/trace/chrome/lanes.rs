//! Which lane each span is drawn on.
//!
//! A viewer nests slices of a lane by their times alone. So a span goes on its parent's lane only if there the
//! parent is the innermost open slice and lasts at least as long; otherwise on a lane of its service on which
//! nothing is open. Thus no span is ever drawn inside one that is not its ancestor. Where a span is not on its
//! parent's lane, an arrow starts at an instant at which the parent is the innermost slice of its own lane.
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

use crate::trace::tree::Tree;

const NONE: u32 = u32::MAX;
const NO_ARROW: u64 = u64::MAX;

/// Where everything goes.
#[derive(Debug, Default)]
pub struct Layout {
    /// The spans by start, then by descending end, then by depth: ancestors before descendants.
    pub order: Vec<u32>,
    /// The lane of each span, as a position in [`Layout::lanes`].
    pub lane: Vec<u32>,
    /// All lanes.
    pub lanes: Vec<Lane>,
    arrow_from: Vec<u64>,
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
            (start[i], Reverse(end[i]), depths[i], i)
        });
        drop(depths);
        let base = order.first().map_or(0, |first| start[*first as usize]);
        let mut placing = Placing::new(start, end, tree, base);
        let mut arrow_from = vec![NO_ARROW; tree.len()];
        for i in &order {
            let i = *i as usize;
            placing.place(i, group[i]);
            if let Some(parent) = tree.parent(i)
                && placing.lane[parent] != placing.lane[i]
                && start[parent] <= start[i]
            {
                arrow_from[i] = placing.last_innermost(parent, start[i]);
            }
        }
        let Placing { lane, lanes, .. } = placing;
        Self { order, lane, lanes: lanes.into_iter().map(|open| open.lane).collect(), arrow_from }
    }

    /// When the arrow to span `i` leaves its parent; none if there is no arrow: the span is on its parent's lane, or
    /// has no parent, or starts before it, and no viewer draws an arrow back in time.
    pub fn arrow_from(&self, i: usize) -> Option<u64> {
        Some(self.arrow_from[i]).filter(|at| *at != NO_ARROW)
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
    /// Of each span, since when nothing is open inside it on its lane.
    innermost_since: Vec<u64>,
    /// Of each span, the last instant at which nothing was open inside it on its lane, as far as that is over; its
    /// start if there is none.
    last_innermost: Vec<u64>,
    lanes: Vec<OpenLane>,
    groups: Vec<Group>,
}

impl<'a> Placing<'a> {
    fn new(start: &'a [u64], end: &'a [u64], tree: &'a Tree, base: u64) -> Self {
        let (lane, innermost) = (vec![NONE; tree.len()], start.to_vec());
        let (last_innermost, lanes, groups) = (start.to_vec(), Vec::new(), Vec::new());
        Self { start, end, tree, base, lane, innermost_since: innermost, last_innermost, lanes, groups }
    }

    /// Puts the next span of the order on a lane.
    fn place(&mut self, i: usize, group: u32) {
        let lane = self.parents_lane(i, group).unwrap_or_else(|| self.empty_lane(i, group));
        let open = &mut self.lanes[lane as usize].open;
        if let Some(outer) = open.last().map(|o| *o as usize)
            && self.innermost_since[outer] < self.start[i]
        {
            self.last_innermost[outer] = self.start[i] - 1;
        }
        open.push(i as u32);
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
            if let Some(outer) = of.open.last() {
                self.innermost_since[*outer as usize] = end;
            }
            if self.innermost_since[top] < end {
                self.last_innermost[top] = end - 1;
            }
        }
    }

    /// The last instant up to `now` at which nothing is open inside a span on its lane; its start if there is none.
    fn last_innermost(&mut self, i: usize, now: u64) -> u64 {
        let lane = self.lane[i];
        if lane == NONE {
            return self.start[i];
        }
        self.settle(lane, now);
        let innermost = self.lanes[lane as usize].open.last() == Some(&(i as u32));
        match self.innermost_since[i] {
            since if innermost && since < now => now - 1,
            // What was inside has just ended, so that nothing else can start there now.
            since if innermost && since == now && self.start[i] < now => now,
            _ => self.last_innermost[i],
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
