//! Traces, grown out of the shop's operations.
//!
//! In: a seed, and how many spans there are to be. Out: traces in the order of their starts, each with its spans,
//! parents before their children. Not here: the order in which they are written.

use span_gen::random::Random;

use crate::{
    attributes::{Attributes, Value},
    shop::{Operation, ROOTS, Step},
};

/// 2025-10-09 08:53:20 UTC, in nanoseconds.
const BEGIN: u64 = 1_760_000_000_000_000_000;

/// Between the starts of two traces: about 500 a second.
const PAUSE: u64 = 1_600_000;

#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) trace_id: (u64, u64),
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) operation: &'static Operation,
    /// Nanoseconds since the epoch, as `end`.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) failed: bool,
    seed: u64,
}

/// Something that happened during a span.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    /// Nanoseconds since the epoch.
    pub(crate) time: u64,
    pub(crate) attributes: Attributes,
}

pub(crate) const MESSAGE: &str = "deadline exceeded while awaiting headers";

impl Span {
    pub(crate) fn attributes(&self) -> Attributes {
        self.operation.work.attributes(self.seed)
    }

    pub(crate) fn event(&self) -> Option<Event> {
        if self.failed {
            let attributes = vec![
                ("exception.type", Value::Name("TimeoutError")),
                ("exception.message", Value::Text(format!("{MESSAGE} (\"{}\")", self.operation.name))),
            ];
            return Some(Event { name: "exception", time: self.end, attributes });
        }
        let retried = self.seed % 1000 < 40;
        let attributes = || vec![("retry.count", Value::Whole(1 + self.seed % 3))];
        let time = self.start + (self.end - self.start) / 2;
        retried.then(|| Event { name: "retry", time, attributes: attributes() })
    }
}

/// The traces, until they have so many spans.
pub(crate) struct Traces {
    random: Random,
    remaining: u64,
    next_start: u64,
}

impl Traces {
    pub(crate) fn new(seed: u64, spans: u64) -> Self {
        Self { random: Random::new(seed), remaining: spans, next_start: BEGIN }
    }
}

impl Iterator for Traces {
    type Item = Vec<Span>;

    fn next(&mut self) -> Option<Vec<Span>> {
        if self.remaining == 0 {
            return None;
        }
        let random = &mut self.random;
        self.next_start += random.around(PAUSE, 0.8);
        let lot = random.below(1000);
        let root = ROOTS.iter().find(|(end, _)| lot < *end).map_or(ROOTS[0].1, |(_, root)| root);
        let mut growth =
            Growth { trace_id: (random.number(), random.number() | 1), random, spans: Vec::new() };
        growth.add(root, None, self.next_start);
        let mut spans = growth.spans;
        spans.truncate(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        self.remaining -= spans.len() as u64;
        Some(spans)
    }
}

struct Growth<'a> {
    trace_id: (u64, u64),
    random: &'a mut Random,
    spans: Vec<Span>,
}

impl Growth<'_> {
    /// Adds a span and all below it; its end is what comes out.
    fn add(&mut self, operation: &'static Operation, parent: Option<u64>, start: u64) -> u64 {
        let own = self.random.around(operation.median, operation.sigma);
        let failed = self.random.chance(operation.errors_permille);
        let (id, seed) = (self.random.number() | 1, self.random.number());
        let at = self.spans.len();
        self.spans.push(Span {
            trace_id: self.trace_id,
            id,
            parent,
            operation,
            start,
            end: start,
            failed,
            seed,
        });
        let mut now = start + own / 2;
        for step in operation.steps {
            now = now.max(self.step(step, id, now)) + self.random.below(50_000);
        }
        let end = now + own / 2;
        self.spans[at].end = end;
        end
    }

    /// When the last that was waited for had ended.
    fn step(&mut self, step: &Step, parent: u64, now: u64) -> u64 {
        if !self.random.chance(step.permille) {
            return now;
        }
        let times = self.random.between(step.from, step.to);
        let mut last = now;
        for _ in 0..times {
            let start = now + self.random.below(200_000);
            let end = self.add(step.of, Some(parent), start);
            last = if step.awaited { last.max(end) } else { last };
        }
        last
    }
}
