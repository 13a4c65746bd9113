//! Collapsed stacks: where time went, as flamegraph.pl, inferno and speedscope read it.
//!
//! In: resolved [`Traces`]. Out: a line for each distinct stack that has self time, `shop checkout;auth;mail deliver
//! 1200`: frames from the root down, a space, and the self time in nanoseconds of all spans with that stack. A frame is
//! the span name; the service stands before it in a root and where it is not that of the frame above. Not here: the
//! file.

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use super::{Traces, columns::Names};
use crate::text::visible;

/// How many frames a stack has at most. Stacks are written out in full, so that without a bound a chain of spans would
/// give a file as large as its length squared. A span further down counts for its ancestor there.
pub const MOST_FRAMES: usize = 256;

/// How many characters of a service or a name are shown, for the same reason.
pub const MOST_CHARACTERS: usize = 200;

/// What has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// How many stacks, a line each.
    pub stacks: u64,
    /// How many spans were deeper than [`MOST_FRAMES`].
    pub too_deep: u64,
}

/// A frame below the frames above it.
#[derive(Debug)]
struct Node {
    /// The number of its text; of the node above all roots, none.
    frame: u32,
    depth: usize,
    self_ns: u64,
    children: Vec<u32>,
}

/// Every distinct stack, as a tree with one node for the end of each. Node 0 stands above the roots.
struct Stacks {
    nodes: Vec<Node>,
    frames: Names,
    too_deep: u64,
}

/// Writes the stacks, sorted by their bytes.
///
/// # Errors
/// If `out` can't be written to.
pub fn write(traces: &Traces, out: &mut impl Write) -> io::Result<Written> {
    let stacks = Stacks::of(traces);
    let mut written = Written { stacks: 0, too_deep: stacks.too_deep };
    let mut line = String::new();
    let mut next = stacks.below(0, 0);
    // Always the smallest first: the next one stands at the end.
    while let Some(part) = next.pop() {
        line.truncate(part.above);
        line.push_str(stacks.text(part.node));
        if part.is_end {
            writeln!(out, "{line} {}", stacks.nodes[part.node as usize].self_ns)?;
            written.stacks += 1;
        } else {
            line.push(';');
            next.extend(stacks.below(part.node, line.len()));
        }
    }
    Ok(written)
}

/// Something to write: the stack that ends with a node, or all that go on below it.
struct Part {
    node: u32,
    is_end: bool,
    /// How many bytes the frames above take.
    above: usize,
}

impl Stacks {
    fn of(traces: &Traces) -> Self {
        let (spans, tree) = (&traces.spans, &traces.tree);
        let self_ns = traces.self_times();
        let root = Node { frame: 0, depth: 0, self_ns: 0, children: Vec::new() };
        let mut stacks = Self { nodes: vec![root], frames: Names::default(), too_deep: 0 };
        let mut frames: FxHashMap<(Option<u32>, u32), u32> = FxHashMap::default();
        let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut next: Vec<(usize, u32)> = tree.roots().map(|i| (i, 0)).collect();
        while let Some((i, above)) = next.pop() {
            let depth = stacks.nodes[above as usize].depth + 1;
            let node = if depth > MOST_FRAMES {
                stacks.too_deep += 1;
                above
            } else {
                let is_known = tree.parent(i).is_some_and(|p| spans.service[p] == spans.service[i]);
                let service = (!is_known).then_some(spans.service[i]);
                let frame = *frames.entry((service, spans.name[i])).or_insert_with(|| {
                    let service = service.map(|code| spans.services.text(code));
                    stacks.frames.intern(&frame(service, spans.names.text(spans.name[i])))
                });
                *known.entry((above, frame)).or_insert_with(|| {
                    let node = stacks.nodes.len() as u32;
                    stacks.nodes.push(Node { frame, depth, self_ns: 0, children: Vec::new() });
                    stacks.nodes[above as usize].children.push(node);
                    node
                })
            };
            let sum = &mut stacks.nodes[node as usize].self_ns;
            *sum = sum.saturating_add(self_ns[i]);
            next.extend(tree.children(i).iter().map(|child| (*child as usize, node)));
        }
        stacks
    }

    fn text(&self, node: u32) -> &str {
        self.frames.text(self.nodes[node as usize].frame)
    }

    /// What there is to write below a node, the last first. With the `;` that stands before what is below a frame, the
    /// order is that of the lines: `a`, `a.b`, `a;c`.
    fn below(&self, node: u32, above: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        for child in &self.nodes[node as usize].children {
            let Node { self_ns, children, .. } = &self.nodes[*child as usize];
            if *self_ns > 0 {
                parts.push(Part { node: *child, is_end: true, above });
            }
            if !children.is_empty() {
                parts.push(Part { node: *child, is_end: false, above });
            }
        }
        let key = |part: &Part| self.text(part.node).bytes().chain((!part.is_end).then_some(b';'));
        parts.sort_unstable_by(|a, b| key(b).cmp(key(a)));
        parts
    }
}

/// The text of a frame, in which nothing ends it or the line.
fn frame(service: Option<&str>, name: &str) -> String {
    let part = |text: &str| match text.trim() {
        "" => "(unnamed)".to_owned(),
        text => {
            let cut = text.char_indices().nth(MOST_CHARACTERS).map_or(text.len(), |(at, _)| at);
            let dots = if cut < text.len() { "…" } else { "" };
            visible(&text[..cut]).replace(';', "\\u{3b}") + dots
        }
    };
    match service {
        Some(service) => format!("{} {}", part(service), part(name)),
        None => part(name),
    }
}

#[cfg(test)]
mod tests;
