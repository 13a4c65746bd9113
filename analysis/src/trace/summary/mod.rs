//! The summary: a row of figures for each service and span name, or for whatever else spans have in common.
//!
//! In: resolved [`Traces`] and what to group by. Out: [`Summary`], which serialises as the documented output of
//! `glyphctl trace summarize --format json`. Not here: how a table looks; polars is in `frame` alone.

mod key;
mod frame;

use std::collections::BTreeMap;

use glyph_formats::span::{SpanKind, SpanStatus};
use schemars::JsonSchema;
use serde::Serialize;

pub use key::{Key, KeyError};

use super::{Traces, oddity::Oddities};

/// What `trace summarize` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// How many spans there are.
    pub spans: u64,
    /// How many traces they belong to.
    pub traces: u64,
    /// The services, sorted.
    pub services: Vec<String>,
    /// When the first span starts; null without spans.
    pub start_unix_nano: Option<u64>,
    /// When the last span ends; null without spans.
    pub end_unix_nano: Option<u64>,
    /// What the spans of a row have in common; nothing twice.
    #[serde(skip)]
    pub by: Vec<Key>,
    /// The figures, by descending total.
    pub rows: Vec<Row>,
    /// How many rows more there are; absent unless `--top` left some out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_left_out: Option<u64>,
    /// How many oddities of each kind the files hold; kinds that do not occur are absent.
    pub oddities: Oddities,
}

/// The figures of the spans of one service with one name, or of those that have in common what `--by` names; which that
/// is, the fields before `count` say, and of those only the ones that were asked for are there. Percentiles are nearest-rank: the `ceil(q·n)`-th of the
/// `n` durations by size, so that each is one that occurred (in steps of a double above 2⁵³ ns, which are 104
/// days). Sums stop at 2⁶⁴−1 ns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Row {
    /// The service; absent if `--by` is there and does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The span name; absent if `--by` is there and does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The spans' role between services; absent unless `--by` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SpanKind>,
    /// How the spans ended; absent unless `--by` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SpanStatus>,
    /// The values of the attributes that `--by` names, as text whatever their type; null where the spans have none.
    /// Absent if it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, Option<String>>>,
    /// How many spans there are.
    pub count: u64,
    /// How many of them have the status `error`.
    pub errors: u64,
    /// The median duration.
    pub p50_ns: u64,
    /// The 90th percentile of the durations.
    pub p90_ns: u64,
    /// The 95th percentile of the durations.
    pub p95_ns: u64,
    /// The 99th percentile of the durations.
    pub p99_ns: u64,
    /// The longest duration.
    pub max_ns: u64,
    /// The sum of the durations.
    pub total_ns: u64,
    /// The sum of what of each duration passed without any child running.
    pub self_ns: u64,
    /// The sum of what of each duration the critical path spends in the span itself and in none of its children. More
    /// than the self time where children ran meanwhile that nobody waited for.
    pub critical_path_ns: u64,
}

impl Row {
    /// The service; empty if the rows are not by service.
    pub fn service(&self) -> &str {
        self.service.as_deref().unwrap_or_default()
    }

    /// The span name; empty if the rows are not by name.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// What rows of equal totals are sorted by.
    fn group(&self) -> impl Ord + '_ {
        let (kind, status) = (self.kind.map(|kind| kind as u8), self.status.map(|status| status as u8));
        (&self.service, &self.name, kind, status, &self.attributes)
    }
}

impl Summary {
    /// Leaves out all rows but the first `most`, and says how many these are.
    pub fn keep_first(&mut self, most: usize) {
        let hidden = self.rows.len().saturating_sub(most);
        self.rows.truncate(most);
        self.rows_left_out = (hidden > 0).then_some(hidden as u64);
    }
}

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
#[error("the spans can't be grouped: {0}")]
pub struct SummaryError(#[from] polars::error::PolarsError);

/// Makes the figures of each group.
pub(super) fn summarize(traces: &Traces, keys: &[Key]) -> Result<Summary, SummaryError> {
    let spans = &traces.spans;
    let mut by: Vec<Key> = Vec::new();
    for key in keys {
        if !by.contains(key) {
            by.push(key.clone());
        }
    }
    let mut rows = frame::rows(spans, &by, traces.self_times(), traces.critical_path().own_ns)?;
    rows.sort_by(|a, b| b.total_ns.cmp(&a.total_ns).then_with(|| a.group().cmp(&b.group())));
    let mut services: Vec<String> = spans.services().iter().map(str::to_owned).collect();
    services.sort_unstable();
    let extent = spans.extent();
    Ok(Summary {
        spans: spans.len() as u64,
        traces: spans.trace_ids().len() as u64,
        services,
        start_unix_nano: extent.map(|e| e.0),
        end_unix_nano: extent.map(|e| e.1),
        by,
        rows,
        rows_left_out: None,
        oddities: traces.oddities.clone(),
    })
}

#[cfg(test)]
mod tests;
