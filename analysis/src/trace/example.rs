//! An example of what is odd about the tree of some spans, so that it can be looked at.
//!
//! In: resolved spans and what is odd about them. Out: the first span that is. Not here: what is odd about lines, whose
//! place the loader knows.

use glyph_formats::SpanId;

use super::{
    Spans, Tree,
    oddity::{Oddities, Oddity, Place},
};

/// Says of each kind where it is met first, unless that is known.
pub(super) fn place_all(spans: &Spans, tree: &Tree, oddities: &mut Oddities) {
    let unknown: Vec<Oddity> = oddities.without_place().collect();
    for kind in unknown {
        let Some(i) = first(kind, spans, tree) else { continue };
        let span = SpanId::new(spans.span_id[i]).map(|id| (spans.trace_ids[spans.trace[i] as usize], id));
        oddities.place(kind, Place { span, ..Place::default() });
    }
}

fn first(kind: Oddity, spans: &Spans, tree: &Tree) -> Option<usize> {
    let mut all = 0..spans.len();
    match kind {
        Oddity::Orphan => all.find(|i| has_lost_parent(spans, tree, *i) && !parent_is_there(spans, tree, *i)),
        Oddity::Cycle => all.find(|i| has_lost_parent(spans, tree, *i) && parent_is_there(spans, tree, *i)),
        Oddity::SharedId => all.find(|i| is_half(spans, tree, *i)),
        Oddity::DuplicateId => (0..spans.trace_ids.len()).find_map(|t| duplicate(spans, tree, t)),
        Oddity::ClockSkew => all.find(|i| {
            let before = |p: usize| spans.start[*i] < spans.start[p] && spans.service[*i] != spans.service[p];
            tree.parent(*i).is_some_and(before)
        }),
        _ => None,
    }
}

/// Whether it names a parent, and has none.
fn has_lost_parent(spans: &Spans, tree: &Tree, i: usize) -> bool {
    spans.parent_id[i] != 0 && tree.parent(i).is_none()
}

fn parent_is_there(spans: &Spans, tree: &Tree, i: usize) -> bool {
    let trace = tree.trace(spans.trace[i] as usize);
    trace.iter().any(|other| spans.span_id[*other as usize] == spans.parent_id[i])
}

/// Whether it is a server's span with the id of its client's.
fn is_half(spans: &Spans, tree: &Tree, i: usize) -> bool {
    tree.parent(i).is_some_and(|p| spans.span_id[p] == spans.span_id[i])
}

/// The first span of a trace that has the id of one before it and is not its half.
fn duplicate(spans: &Spans, tree: &Tree, trace: usize) -> Option<usize> {
    let mut by_id: Vec<(u64, u32)> =
        tree.trace(trace).iter().map(|i| (spans.span_id[*i as usize], *i)).collect();
    by_id.sort_unstable();
    let same = by_id.windows(2).filter(|two| two[0].0 == two[1].0);
    same.flat_map(|two| [two[1].1, two[0].1]).map(|i| i as usize).find(|i| !is_half(spans, tree, *i))
}
