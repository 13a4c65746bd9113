//! The order in which an exporter sees spans: that of their ends, so children mostly before their parents, and
//! the spans of traces that ran at the same time mixed.
//!
//! In: traces in the order of their starts. Out: spans. Held at a time: those of the traces that still run.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::trace::{Span, Traces};

pub(crate) struct InOrderOfEnd {
    traces: Traces,
    upcoming: Option<Vec<Span>>,
    open: BinaryHeap<Reverse<Entry>>,
}

impl InOrderOfEnd {
    pub(crate) fn new(mut traces: Traces) -> Self {
        let upcoming = traces.next();
        Self { traces, upcoming, open: BinaryHeap::new() }
    }
}

impl Iterator for InOrderOfEnd {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        // No span of a trace ends before its root has started.
        while let Some(trace) = self.upcoming.take_if(|t| match (self.open.peek(), t.first()) {
            (Some(Reverse(first)), Some(root)) => root.start <= first.0.end,
            _ => true,
        }) {
            self.open.extend(trace.into_iter().map(|span| Reverse(Entry(span))));
            self.upcoming = self.traces.next();
        }
        self.open.pop().map(|Reverse(Entry(span))| span)
    }
}

/// A span that is compared by its end; ids decide between equal ones, so that the order is always the same.
struct Entry(Span);

impl Entry {
    fn key(&self) -> (u64, u64) {
        (self.0.end, self.0.id)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}
