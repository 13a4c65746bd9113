//! The flame graph: where the time of all traces went, and what of it somebody waited for.
//!
//! In: resolved [`Traces`]. Out: [`Flame`], a frame for each path of services and names from a root down, bounded.
//! Frames that are too small to be seen are summed up in one frame beside their siblings, so that nothing is lost of
//! the time. Not here: where a frame is drawn.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::trace::Traces;

/// How many levels there are at most; a span further down counts for its ancestor there.
pub const MOST_LEVELS: u32 = 100;
/// How many frames there are at most, without those that sum up.
pub const MOST_FRAMES: usize = 1_500;
/// A frame with less than this part of everything is not shown by itself.
const LEAST_PART: u64 = 1_000;

const NONE: u32 = u32::MAX;

/// The frames, each after the one above it; siblings by descending time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flame {
    /// All frames.
    pub frames: Vec<Frame>,
    /// How many different paths there are, shown or not.
    pub paths: u64,
    /// How many spans were deeper than [`MOST_LEVELS`].
    pub too_deep: u64,
}

/// Time in nanoseconds. Sums stop at 2⁶⁴−1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Self time: of what runs at the same time, each counts.
    pub time_ns: u64,
    /// What of the critical path is the span's own.
    pub critical_ns: u64,
}

/// All spans with one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The position of the frame above; none for roots.
    pub above: Option<usize>,
    /// How many frames are above it.
    pub level: u32,
    /// What it stands for.
    pub kind: Kind,
    /// How many spans.
    pub count: u64,
    /// How many of these failed.
    pub errors: u64,
    /// The sum of their durations.
    pub total_ns: u64,
    /// What they cost by themselves.
    pub own: Cost,
    /// What they cost with everything below.
    pub all: Cost,
}

/// What a frame stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Spans of that service and name.
    Spans {
        /// The service.
        service: String,
        /// The span name.
        name: String,
    },
    /// So many paths that are each too small to be seen, with all that is below them.
    Others(u64),
}

/// A path while spans are counted. Node 0 stands above the roots.
#[derive(Debug, Default)]
struct Node {
    above: u32,
    level: u32,
    service: u32,
    name: u32,
    /// How many paths begin with it, itself among them.
    paths: u64,
    count: u64,
    errors: u64,
    total_ns: u64,
    own: Cost,
    all: Cost,
    children: Vec<u32>,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.time_ns = self.time_ns.saturating_add(other.time_ns);
        self.critical_ns = self.critical_ns.saturating_add(other.critical_ns);
    }
}

impl Flame {
    /// The frames of all spans.
    pub fn of(traces: &Traces) -> Self {
        let mut flame = Self::default();
        let mut nodes = count(traces, &mut flame.too_deep);
        sum_up(&mut nodes);
        flame.paths = nodes.len() as u64 - 1;
        let is_shown = shown(&nodes);
        flame.lay_out(traces, &nodes, &is_shown);
        flame
    }

    /// What everything costs.
    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        self.frames.iter().filter(|frame| frame.above.is_none()).for_each(|root| cost.add(root.all));
        cost
    }

    fn lay_out(&mut self, traces: &Traces, nodes: &[Node], is_shown: &[bool]) {
        let mut next: Vec<(u32, Option<usize>)> = Vec::new();
        let open = |node: &Node, above: Option<usize>, next: &mut Vec<_>| {
            let (mut own, small): (Vec<u32>, Vec<u32>) =
                node.children.iter().partition(|child| is_shown[**child as usize]);
            // The last is taken first.
            own.sort_unstable_by_key(|child| (nodes[*child as usize].all.time_ns, Reverse(*child)));
            next.extend(own.into_iter().map(|child| (child, above)));
            others(nodes, &small, above, node.level)
        };
        let (mut sums, mut above_all) = (Vec::new(), Vec::new());
        above_all.extend(open(&nodes[0], None, &mut next));
        while let Some((at, above)) = next.pop() {
            let node = &nodes[at as usize];
            let position = self.frames.len();
            self.frames.push(Frame {
                above,
                level: node.level - 1,
                kind: Kind::Spans {
                    service: traces.spans.services.text(node.service).to_owned(),
                    name: traces.spans.names.text(node.name).to_owned(),
                },
                count: node.count,
                errors: node.errors,
                total_ns: node.total_ns,
                own: node.own,
                all: node.all,
            });
            sums.extend(open(node, Some(position), &mut next));
        }
        self.frames.extend(sums);
        self.frames.extend(above_all);
    }
}

/// Every path, after the one above it.
fn count(traces: &Traces, too_deep: &mut u64) -> Vec<Node> {
    let (spans, tree) = (&traces.spans, &traces.tree);
    let (self_ns, critical_ns) = (traces.self_times(), traces.critical_path().own_ns);
    let mut nodes = vec![Node { above: NONE, ..Node::default() }];
    let mut known: FxHashMap<(u32, u32, u32), u32> = FxHashMap::default();
    let mut next: Vec<(u32, u32)> = tree.roots().map(|i| (i as u32, 0)).collect();
    while let Some((i, above)) = next.pop() {
        let i = i as usize;
        let level = nodes[above as usize].level + 1;
        let at = if level > MOST_LEVELS {
            *too_deep += 1;
            above
        } else {
            let (service, name) = (spans.service[i], spans.name[i]);
            *known.entry((above, service, name)).or_insert_with(|| {
                let at = nodes.len() as u32;
                nodes.push(Node { above, level, service, name, ..Node::default() });
                nodes[above as usize].children.push(at);
                at
            })
        };
        let node = &mut nodes[at as usize];
        node.own.add(Cost { time_ns: self_ns[i], critical_ns: critical_ns[i] });
        if level <= MOST_LEVELS {
            node.count += 1;
            node.errors += u64::from(spans.status[i] == glyph_formats::span::SpanStatus::Error);
            node.total_ns = node.total_ns.saturating_add(spans.duration(i));
        }
        next.extend(tree.children(i).iter().map(|child| (*child, at)));
    }
    nodes
}

/// Adds what is below each path to it.
fn sum_up(nodes: &mut [Node]) {
    // Who is below comes later: from behind, each is complete before it is added.
    for at in (0..nodes.len()).rev() {
        let node = &mut nodes[at];
        node.all.add(node.own);
        node.paths += 1;
        let (above, all, paths) = (node.above, node.all, node.paths);
        if above != NONE {
            nodes[above as usize].all.add(all);
            nodes[above as usize].paths += paths;
        }
    }
}

/// Which paths get a frame: the largest by their part of the time or of the critical path, whichever is greater. As none is
/// larger than the one above it, no frame is left without that.
fn shown(nodes: &[Node]) -> Vec<bool> {
    let whole = nodes[0].all;
    let part = |node: &Node| {
        let of = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        of(node.all.time_ns, whole.time_ns).max(of(node.all.critical_ns, whole.critical_ns))
    };
    let least = 1.0 / LEAST_PART as f64;
    let mut order: Vec<u32> = (1..nodes.len() as u32).collect();
    // Without any time, every path is as good as the next.
    order.retain(|at| whole == Cost::default() || part(&nodes[*at as usize]) >= least);
    order.sort_by(|a, b| part(&nodes[*b as usize]).total_cmp(&part(&nodes[*a as usize])).then(a.cmp(b)));
    let mut is_shown = vec![false; nodes.len()];
    order.iter().take(MOST_FRAMES).for_each(|at| is_shown[*at as usize] = true);
    is_shown
}

/// One frame for all of these; none if there are none.
fn others(nodes: &[Node], small: &[u32], above: Option<usize>, level: u32) -> Option<Frame> {
    if small.is_empty() {
        return None;
    }
    let mut sum = Frame {
        above,
        level,
        kind: Kind::Others(small.iter().map(|at| nodes[*at as usize].paths).sum()),
        count: 0,
        errors: 0,
        total_ns: 0,
        own: Cost::default(),
        all: Cost::default(),
    };
    let mut below: Vec<u32> = small.to_vec();
    small.iter().for_each(|at| sum.all.add(nodes[*at as usize].all));
    sum.own = sum.all;
    while let Some(at) = below.pop() {
        let node = &nodes[at as usize];
        sum.count += node.count;
        sum.errors += node.errors;
        sum.total_ns = sum.total_ns.saturating_add(node.total_ns);
        below.extend(&node.children);
    }
    Some(sum)
}

#[cfg(test)]
mod tests;
