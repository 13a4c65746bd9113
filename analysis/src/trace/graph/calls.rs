//! The calls in some traces, added up.
//!
//! In: traces in any number of batches, each trace whole, and the group of each span, which says whom it names. Out:
//! [`Calls`], which can be joined to those of other batches. Not here: names, and percentiles.

use glyph_formats::span::{SpanKind, SpanStatus};
use rustc_hash::FxHashMap;

use super::{EdgeKind, Side};
use crate::trace::{
    Traces,
    group::{Grouping, Groups},
};

/// What is known of all calls so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) between: FxHashMap<Between, Figures>,
    /// By the number of the service: how many spans it has, and how many of them failed.
    pub(super) services: FxHashMap<u32, (u64, u64)>,
    pub(super) spans: u64,
    pub(super) traces: u64,
    /// How many spans are a call of nobody knows whom.
    pub(super) unnamed: u64,
}

/// Which calls are added up together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Between {
    pub(super) caller: End,
    pub(super) callee: End,
    pub(super) kind: EdgeKind,
    pub(super) measured_by: Side,
}

/// Who calls or is called, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum End {
    /// The number of a service.
    Service(u32),
    /// The number of a group, whose spans name it.
    Named(u32),
    User,
}

/// What is known of such calls.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) errors: u64,
    /// Each call's, in no order; so in the other two.
    pub(super) durations: Vec<u64>,
    /// How long the caller took for it, of those for which a span says so.
    pub(super) client: Vec<u64>,
    /// By how much that is longer.
    pub(super) between: Vec<u64>,
}

impl Calls {
    /// Adds some traces. `group` is the position of each span's group in `groups`.
    pub(super) fn add(&mut self, traces: &Traces, group: &[u32], groups: &[Group]) {
        let (spans, tree) = (&traces.spans, &traces.tree);
        for (service, status) in spans.service.iter().zip(&spans.status) {
            let (count, errors) = self.services.entry(*service).or_default();
            *count += 1;
            *errors += u64::from(*status == SpanStatus::Error);
        }
        self.spans += spans.len() as u64;
        self.traces += spans.trace_ids().len() as u64;

        let look = Look { traces, group, groups, callees: callees(traces) };
        // Whether there is a call in a span, without those of other services in it.
        let mut has_call = vec![false; spans.len()];
        for i in tree.down().into_iter().rev().map(|i| i as usize) {
            let caller = caller(traces, i);
            if let Some(p) = caller {
                self.count(look.of_parent(p, i));
            }
            if let Some(call) = look.alone(i, caller.is_some(), has_call[i]) {
                has_call[i] |= call.between.measured_by == Side::Caller;
                self.count(call);
            }
            let calls = matches!(spans.kind[i], SpanKind::Client | SpanKind::Producer);
            self.unnamed += u64::from(calls && !has_call[i] && look.group(i).counts);
            if let Some(p) = tree.parent(i) {
                has_call[p] |= has_call[i] || caller.is_some();
            }
        }
    }

    fn count(&mut self, call: Call) {
        if !call.counts {
            return;
        }
        let figures = self.between.entry(call.between).or_default();
        figures.errors += u64::from(call.failed);
        figures.durations.push(call.duration);
        if let Some(client) = call.client {
            figures.client.push(client);
            figures.between.push(client.saturating_sub(call.duration));
        }
    }

    /// Adds the calls in other traces.
    pub(super) fn absorb(&mut self, other: Self) {
        for (between, more) in other.between {
            self.between.entry(between).or_default().absorb(more);
        }
        for (service, (count, errors)) in other.services {
            let of_service = self.services.entry(service).or_default();
            of_service.0 += count;
            of_service.1 += errors;
        }
        self.spans += other.spans;
        self.traces += other.traces;
        self.unnamed += other.unnamed;
    }
}

impl Figures {
    pub(super) fn absorb(&mut self, mut other: Self) {
        self.errors += other.errors;
        self.durations.append(&mut other.durations);
        self.client.append(&mut other.client);
        self.between.append(&mut other.between);
    }
}

/// What is known of the spans of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    /// Whether they name whom they call.
    has_peer: bool,
    /// Whether a call that is measured by them counts.
    counts: bool,
}

impl Group {
    /// All groups by whom spans call.
    pub(super) fn all(groups: &Groups, grouping: &Grouping) -> Vec<Self> {
        let group =
            |i| Self { has_peer: groups.peer(i, grouping).is_some(), counts: groups.counts(i, grouping) };
        (0..groups.len()).map(group).collect()
    }
}

/// One call.
struct Call {
    between: Between,
    counts: bool,
    failed: bool,
    duration: u64,
    client: Option<u64>,
}

/// Traces, and what is known of their spans.
struct Look<'a> {
    traces: &'a Traces,
    group: &'a [u32],
    groups: &'a [Group],
    /// How many calls each span is the parent of.
    callees: Vec<u32>,
}

impl Look<'_> {
    /// What is known of the group of span `i`.
    fn group(&self, i: usize) -> Group {
        self.groups.get(self.group[i] as usize).copied().unwrap_or_default()
    }

    /// Span `i` as a call by its parent `p`.
    fn of_parent(&self, p: usize, i: usize) -> Call {
        let spans = &self.traces.spans;
        let is_message = spans.kind[p] == SpanKind::Producer || spans.kind[i] == SpanKind::Consumer;
        // A client's span with several calls in it doesn't say which of them took how long.
        let is_pair = !is_message && spans.kind[p] == SpanKind::Client && self.callees[p] == 1;
        let failed = |span: usize| spans.status[span] == SpanStatus::Error;
        Call {
            between: Between {
                caller: End::Service(spans.service[p]),
                callee: End::Service(spans.service[i]),
                kind: if is_message { EdgeKind::Message } else { EdgeKind::Call },
                measured_by: Side::Callee,
            },
            counts: self.group(i).counts,
            failed: failed(i) || (is_pair && failed(p)),
            duration: spans.duration(i),
            client: is_pair.then(|| spans.duration(p)),
        }
    }

    /// Span `i` as a call of or by somebody without a span, if it is one: whether it is a call by its parent, and has calls
    /// in it, decides.
    fn alone(&self, i: usize, has_caller: bool, has_call: bool) -> Option<Call> {
        let spans = &self.traces.spans;
        let named = self.group(i).has_peer;
        let (service, peer) = (End::Service(spans.service[i]), End::Named(self.group[i]));
        let parent = self.traces.tree.parent(i);
        let (caller, callee, kind, measured_by) = match spans.kind[i] {
            SpanKind::Client if named && !has_call => (service, peer, EdgeKind::Call, Side::Caller),
            SpanKind::Producer if named && !has_call => (service, peer, EdgeKind::Message, Side::Caller),
            // What is within a consumer's span is the same message.
            SpanKind::Consumer
                if named && !has_caller && parent.is_none_or(|p| spans.kind[p] != SpanKind::Consumer) =>
            {
                (peer, service, EdgeKind::Message, Side::Callee)
            }
            SpanKind::Server if parent.is_none() && spans.parent_id[i] == 0 => {
                (End::User, service, EdgeKind::Call, Side::Callee)
            }
            _ => return None,
        };
        Some(Call {
            between: Between { caller, callee, kind, measured_by },
            counts: self.group(i).counts,
            failed: spans.status[i] == SpanStatus::Error,
            duration: spans.duration(i),
            client: None,
        })
    }
}

/// The parent of span `i`, if the span is a call by it.
fn caller(traces: &Traces, i: usize) -> Option<usize> {
    let spans = &traces.spans;
    let crosses = |p: &usize| {
        let kinds = (spans.kind[*p], spans.kind[i]);
        spans.service[*p] != spans.service[i]
            || matches!(
                kinds,
                (SpanKind::Client, SpanKind::Server) | (SpanKind::Producer, SpanKind::Consumer)
            )
    };
    traces.tree.parent(i).filter(crosses)
}

fn callees(traces: &Traces) -> Vec<u32> {
    let mut callees = vec![0; traces.spans.len()];
    for i in 0..traces.spans.len() {
        if let Some(p) = caller(traces, i) {
            callees[p] += 1;
        }
    }
    callees
}
