//! Random forests of spans for property tests.

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use proptest::prelude::*;

use super::{
    Spans, Traces,
    oddity::Oddities,
    tree::{Links, Tree},
};

/// A tree and the times of its spans.
#[derive(Debug)]
pub(crate) struct Forest {
    pub(crate) start: Vec<u64>,
    pub(crate) end: Vec<u64>,
    pub(crate) tree: Tree,
}

impl Forest {
    /// Spans as (position of the parent, start, end).
    pub(crate) fn of(spans: &[(Option<usize>, u64, u64)]) -> Self {
        let start: Vec<u64> = spans.iter().map(|s| s.1).collect();
        let links = Links {
            trace: &vec![0; spans.len()],
            traces: 1,
            span_id: &(1..=spans.len() as u64).collect::<Vec<_>>(),
            parent_id: &spans.iter().map(|s| s.0.map_or(0, |p| p as u64 + 1)).collect::<Vec<_>>(),
            start: &start,
        };
        let tree = Tree::resolve(links, &mut Oddities::default());
        Self { start, end: spans.iter().map(|s| s.2).collect(), tree }
    }
}

/// Up to `spans` spans within `time` nanoseconds: nested, concurrent, touching, empty, earlier than their parents,
/// outliving them, several roots.
pub(crate) fn forest(spans: usize, time: u64) -> impl Strategy<Value = Forest> {
    let span = (any::<prop::sample::Index>(), 0..time, 0..time / 2);
    prop::collection::vec(span, 1..spans).prop_map(|spans| {
        let spans: Vec<_> = spans
            .iter()
            .enumerate()
            .map(|(i, (parent, start, length))| {
                // The first is a root, and so is who draws itself.
                let parent = parent.index(i + 1);
                ((parent != i).then_some(parent), *start, start + length)
            })
            .collect();
        Forest::of(&spans)
    })
}

/// Few spans, of which in some cases hardly any touch and in others most do.
pub(crate) fn crowd() -> impl Strategy<Value = Forest> {
    prop_oneof![forest(24, 600), forest(24, 30), forest(24, 10)]
}

/// The service of each span of a [`crowd`]: most are one's, so that they meet.
pub(crate) fn services() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec((0_u32..5).prop_map(|service| service / 4), 24)
}

/// Traces of a forest, in which spans are named by their position, with the number of each span's service.
pub(crate) fn traces(forest: &Forest, services: &[u32]) -> Traces {
    let mut spans = Spans { trace_ids: TraceId::new(1).into_iter().collect(), ..Spans::default() };
    for service in 0..=services.iter().copied().max().unwrap_or(0) {
        spans.services.intern(&format!("s{service}"));
    }
    for (i, service) in services.iter().copied().enumerate().take(forest.start.len()) {
        spans.trace.push(0);
        spans.span_id.push(i as u64 + 1);
        spans.parent_id.push(forest.tree.parent(i).map_or(0, |p| p as u64 + 1));
        spans.service.push(service);
        spans.name.push(spans.names.intern(&i.to_string()));
        spans.kind.push(SpanKind::Internal);
        spans.status.push(SpanStatus::Unset);
        spans.start.push(forest.start[i]);
        spans.end.push(forest.end[i]);
    }
    Traces::resolve(spans, Oddities::default())
}
