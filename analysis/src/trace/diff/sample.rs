//! One run as the comparison needs it: of each row every duration with its trace, and sums by block of traces.
//!
//! In: files sorted by trace, or observations one by one. Out: a [`Sample`]. Not here: other runs, and what is made of it.

mod gather;

use std::collections::{BTreeMap, BTreeSet};

use glyph_formats::{TraceId, jsonl::input::Progress};
use schemars::JsonSchema;
use serde::Serialize;

use self::gather::Gathered;
use super::weights::BLOCKS;
use crate::trace::{LoadError, Oddities, Oddity, Sorted, Spans, Traces, group::Value};

/// A service and a span name: what the spans of a row have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, JsonSchema)]
pub struct SpanName {
    /// The service.
    pub service: String,
    /// The span name.
    pub name: String,
}

/// One run.
#[derive(Debug, Default)]
pub struct Sample {
    /// The traces with a span that counts. Observations have their numbers.
    pub(super) traces: Vec<TraceId>,
    pub(super) rows: BTreeMap<SpanName, Row>,
    /// By caller (none for roots) and callee, how often the one called the other, by block, sorted.
    pub(super) calls: BTreeMap<(Option<SpanName>, SpanName), Vec<Calls>>,
    /// How many spans count.
    pub(super) spans: u64,
    /// When the first span starts and the last one ends.
    pub(super) extent: Option<(u64, u64)>,
    /// What is odd.
    pub(super) oddities: Oddities,
}

/// The spans of a row.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    /// In any order.
    pub(super) spans: Vec<Observed>,
    /// Sorted by block, each once.
    pub(super) blocks: Vec<Sums>,
    /// Some traces in which one failed.
    pub(super) failed: BTreeSet<TraceId>,
}

/// A span: its duration and the number of its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Observed {
    pub(super) duration_ns: u64,
    pub(super) trace: u32,
}

/// What the spans of a row in some traces come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) block: u16,
    pub(super) traces: u32,
    pub(super) spans: u32,
    pub(super) errors: u32,
    pub(super) total_ns: u64,
    pub(super) self_ns: u64,
    pub(super) critical_ns: u64,
}

/// How often one called another in some traces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls {
    pub(super) block: u16,
    pub(super) count: u32,
}

/// A span by itself, for samples that come from no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation<'a> {
    /// The service.
    pub service: &'a str,
    /// The span name.
    pub name: &'a str,
    /// How long it took.
    pub duration_ns: u64,
    /// Whether it failed.
    pub is_error: bool,
}

impl Sample {
    /// Takes every span of files out of their parts. Meanwhile the memory holds 16 bytes of each.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub fn of_files(sorted: Sorted, progress: &Progress) -> Result<Self, LoadError> {
        let (whole, of_cores) = sorted.fold(progress, |groups| Gathered::of(groups.len()), Gathered::add)?;
        let mut all = Gathered::of(whole.groups.len());
        of_cores.into_iter().for_each(|more| all.absorb(more));
        let names: Vec<SpanName> = (0..whole.groups.len())
            .map(|group| {
                let mut row = SpanName::default();
                for value in whole.groups.values(group, &whole.grouping) {
                    match value {
                        Value::Service(code) => row.service = whole.services.text(code).to_owned(),
                        Value::Name(code) => row.name = whole.names.text(code).to_owned(),
                        Value::Kind(_) | Value::Status(_) | Value::Attribute(..) => {}
                    }
                }
                row
            })
            .collect();
        Ok(all.into_sample(&names, whole.oddities))
    }

    /// Takes traces that come from no file: of each its id and its spans, each a root.
    ///
    /// # Examples
    /// ```
    /// # use glyph_analysis::trace::diff::{Observation, Sample};
    /// # use glyph_formats::TraceId;
    /// let spans = [Observation { service: "shop", name: "checkout", duration_ns: 1_000, is_error: false }];
    /// let sample = Sample::collect([(TraceId::new(1).unwrap(), spans)]);
    /// assert_eq!(sample.traces(), 1);
    /// ```
    pub fn collect<'a, I>(traces: impl IntoIterator<Item = (TraceId, I)>) -> Self
    where
        I: IntoIterator<Item = Observation<'a>>,
    {
        let mut spans = Spans::default();
        let mut names: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        let mut groups = Vec::new();
        for (number, (id, of_trace)) in traces.into_iter().enumerate() {
            spans.trace_ids.push(id);
            for span in of_trace {
                let codes = (spans.services.intern(span.service), spans.names.intern(span.name));
                let next = names.len() as u32;
                groups.push(*names.entry(codes).or_insert(next));
                spans.push_root(number as u32, codes, span.duration_ns, span.is_error);
            }
        }
        let mut rows = vec![SpanName::default(); names.len()];
        for ((service, name), number) in names {
            let (service, name) =
                (spans.services.text(service).to_owned(), spans.names.text(name).to_owned());
            rows[number as usize] = SpanName { service, name };
        }
        let traces = Traces::resolve(spans, Oddities::default());
        let mut gathered = Gathered::of(rows.len());
        gathered.add(&traces, &groups);
        gathered.into_sample(&rows, Oddities::default())
    }

    /// How many traces there are.
    pub fn traces(&self) -> usize {
        self.traces.len()
    }

    /// How many spans there are.
    pub fn spans(&self) -> u64 {
        self.spans
    }

    /// Whether it is the same run once more, such as a recording and the artifact of it: as many spans in the same nanoseconds.
    pub fn is_same_run(&self, other: &Self) -> bool {
        self.spans > 0 && (self.spans, self.extent) == (other.spans, other.extent)
    }

    /// How many spans start before the span of another service that called them: their clocks differ.
    pub(super) fn skewed(&self) -> u64 {
        self.oddities.get(Oddity::ClockSkew)
    }
}

impl Sums {
    pub(super) fn add(&mut self, more: &Self) {
        self.traces += more.traces;
        self.spans += more.spans;
        self.errors += more.errors;
        self.total_ns = self.total_ns.saturating_add(more.total_ns);
        self.self_ns = self.self_ns.saturating_add(more.self_ns);
        self.critical_ns = self.critical_ns.saturating_add(more.critical_ns);
    }
}

/// What is kept by block, so that there are never much more of it than blocks.
pub(super) trait ByBlock {
    fn block(&self) -> u16;
    fn join(&mut self, more: &Self);
}

impl ByBlock for Sums {
    fn block(&self) -> u16 {
        self.block
    }

    fn join(&mut self, more: &Self) {
        self.add(more);
    }
}

impl ByBlock for Calls {
    fn block(&self) -> u16 {
        self.block
    }

    fn join(&mut self, more: &Self) {
        self.count += more.count;
    }
}

/// Joins what is of the same block, and sorts by it.
pub(super) fn compact<T: ByBlock>(all: &mut Vec<T>) {
    all.sort_by_key(ByBlock::block);
    all.dedup_by(|more, kept| {
        let is_same = more.block() == kept.block();
        if is_same {
            kept.join(more);
        }
        is_same
    });
}

/// Adds one, and compacts where that is due.
fn push<T: ByBlock>(all: &mut Vec<T>, one: T) {
    match all.last_mut() {
        Some(last) if last.block() == one.block() => last.join(&one),
        _ => {
            if all.len() == 2 * BLOCKS {
                compact(all);
            }
            all.push(one);
        }
    }
}
