//! The figures of each group, added up over traces.
//!
//! In: traces in any number of batches, each trace whole, and the group of each span. Out: [`Figures`], which can be
//! joined to those of other batches. Not here: percentiles, which take all durations of a group together.

use std::collections::BTreeSet;

use glyph_formats::span::SpanStatus;

use crate::trace::{Traces, columns::union};

/// What is known of all spans so far.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// By the number of the group.
    pub(super) groups: Vec<Group>,
    /// How many spans count.
    pub(super) spans: u64,
    /// How many there are.
    pub(super) all_spans: u64,
    /// How many traces have a span that counts.
    pub(super) traces: u64,
    /// The numbers of the services.
    pub(super) services: BTreeSet<u32>,
    /// When the first span starts and the last one ends.
    pub(super) extent: Option<(u64, u64)>,
}

/// What is known of the spans of one group. Sums stop at 2⁶⁴−1.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) errors: u64,
    pub(super) total_ns: u64,
    pub(super) self_ns: u64,
    pub(super) critical_path_ns: u64,
    /// Each span's, in no order.
    pub(super) durations: Vec<u64>,
}

impl Figures {
    /// Figures of that many groups.
    pub(super) fn of(groups: usize) -> Self {
        Self { groups: vec![Group::default(); groups], ..Self::default() }
    }

    /// Adds some traces. `group` is the number of each span's group; spans of other numbers do not count.
    pub(super) fn add(&mut self, traces: &Traces, group: &[u32]) {
        let spans = &traces.spans;
        let self_ns = traces.self_times();
        let critical_path_ns = traces.critical_path().own_ns;
        let mut has_some = vec![false; spans.trace_ids().len()];
        for (i, number) in group.iter().enumerate() {
            let Some(group) = self.groups.get_mut(*number as usize) else { continue };
            let duration = spans.duration(i);
            group.errors += u64::from(spans.status[i] == SpanStatus::Error);
            group.total_ns = group.total_ns.saturating_add(duration);
            group.self_ns = group.self_ns.saturating_add(self_ns[i]);
            group.critical_path_ns = group.critical_path_ns.saturating_add(critical_path_ns[i]);
            group.durations.push(duration);
            self.spans += 1;
            has_some[spans.trace[i] as usize] = true;
            self.services.insert(spans.service[i]);
            self.extent = union(self.extent, Some((spans.start[i], spans.end[i])));
        }
        self.all_spans += spans.len() as u64;
        self.traces += has_some.into_iter().filter(|some| *some).count() as u64;
    }

    /// Adds the figures of other traces.
    pub(super) fn absorb(&mut self, other: Self) {
        for (group, mut more) in self.groups.iter_mut().zip(other.groups) {
            group.errors += more.errors;
            group.total_ns = group.total_ns.saturating_add(more.total_ns);
            group.self_ns = group.self_ns.saturating_add(more.self_ns);
            group.critical_path_ns = group.critical_path_ns.saturating_add(more.critical_path_ns);
            group.durations.append(&mut more.durations);
        }
        self.spans += other.spans;
        self.all_spans += other.all_spans;
        self.traces += other.traces;
        self.services.extend(other.services);
        self.extent = union(self.extent, other.extent);
    }
}
