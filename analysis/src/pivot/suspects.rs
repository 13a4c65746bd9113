//! Which traces to look at: the slowest and the failed of a span name, and those that ran while an alert fired.

use std::{cell::OnceCell, cmp::Reverse};

use glyph_formats::{TraceId, span::SpanStatus};
use rustc_hash::FxHashSet;

use crate::{rules::Interval, trace::Traces};

/// No more than these.
pub const MOST: usize = 3;

/// The traces of a recording, as witnesses.
#[derive(Debug)]
pub struct Suspects<'a> {
    traces: &'a Traces,
    all: OnceCell<Vec<Candidate>>,
    ids: OnceCell<FxHashSet<TraceId>>,
}

#[derive(Debug)]
struct Candidate {
    trace: u32,
    start: u64,
    end: u64,
    failed: bool,
}

impl<'a> Suspects<'a> {
    /// Those of `traces`.
    pub fn among(traces: &'a Traces) -> Self {
        Self { traces, all: OnceCell::new(), ids: OnceCell::new() }
    }

    /// The traces with the slowest spans of that service and name, or the slowest that failed.
    pub(crate) fn of_spans(&self, service: &str, name: &str, only_failed: bool) -> Vec<TraceId> {
        let spans = &self.traces.spans;
        let code = |names: &crate::trace::columns::Names, text| names.iter().position(|t| t == text);
        let (Some(service), Some(name)) = (code(&spans.services, service), code(&spans.names, name)) else {
            return Vec::new();
        };
        let mut top = Top::default();
        for i in 0..spans.len() {
            let is_it = spans.name[i] as usize == name && spans.service[i] as usize == service;
            if is_it && (!only_failed || spans.status[i] == SpanStatus::Error) {
                top.offer(spans.duration(i), spans.trace[i]);
            }
        }
        self.ids_of(&top)
    }

    /// The traces that ran in one of these times: failed ones first, then the slowest.
    pub fn during<'i>(&self, intervals: impl Iterator<Item = &'i Interval> + Clone) -> Vec<TraceId> {
        let mut top = Top::default();
        for one in self.candidates() {
            let (start, end) = (one.start as f64 / 1e9, one.end as f64 / 1e9);
            if intervals.clone().any(|i| start <= i.end && end >= i.start) {
                top.offer((one.failed, one.end - one.start), one.trace);
            }
        }
        self.ids_of(&top)
    }

    /// Those of the traces that are in the recording, and the others.
    pub(crate) fn recorded(&self, ids: Vec<TraceId>) -> (Vec<TraceId>, Vec<TraceId>) {
        let recorded = self.ids.get_or_init(|| self.traces.spans.trace_ids().iter().copied().collect());
        ids.into_iter().partition(|id| recorded.contains(id))
    }

    fn candidates(&self) -> &[Candidate] {
        self.all.get_or_init(|| {
            let spans = &self.traces.spans;
            let candidate = |t: usize| {
                if self.traces.is_lifetime(t) {
                    return None;
                }
                let (start, end) = self.traces.extent(t);
                let failed =
                    self.traces.tree.trace(t).iter().any(|i| spans.status[*i as usize] == SpanStatus::Error);
                Some(Candidate { trace: t as u32, start, end, failed })
            };
            (0..spans.trace_ids().len()).filter_map(candidate).collect()
        })
    }

    fn ids_of<K>(&self, top: &Top<K>) -> Vec<TraceId> {
        top.0.iter().map(|(_, t)| self.traces.spans.trace_ids()[*t as usize]).collect()
    }
}

/// The traces with the greatest keys, each once; of equal keys the trace that the files name first.
struct Top<K>(Vec<(K, u32)>);

impl<K> Default for Top<K> {
    fn default() -> Self {
        Self(Vec::with_capacity(MOST + 1))
    }
}

impl<K: Ord + Copy> Top<K> {
    fn offer(&mut self, key: K, trace: u32) {
        let order = |(key, trace): (K, u32)| (Reverse(key), trace);
        if self.0.len() == MOST && self.0.last().is_some_and(|last| order(*last) <= order((key, trace))) {
            return;
        }
        match self.0.iter_mut().find(|(_, there)| *there == trace) {
            Some(there) => there.0 = there.0.max(key),
            None => self.0.push((key, trace)),
        }
        self.0.sort_by_key(|entry| order(*entry));
        self.0.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_greatest_come_first_and_each_once(offers in prop::collection::vec((0_u8..20, 0_u32..8), 0..60)) {
            let mut top = Top::default();
            offers.iter().for_each(|(key, trace)| top.offer(*key, *trace));
            let mut best: Vec<(u8, u32)> = (0..8)
                .filter_map(|t| offers.iter().filter(|(_, trace)| *trace == t).max().copied())
                .collect();
            best.sort_by_key(|(key, trace)| (Reverse(*key), *trace));
            best.truncate(MOST);
            prop_assert_eq!(top.0, best);
        }
    }
}
