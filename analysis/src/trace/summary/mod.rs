//! The summary: a row of figures for each service and span name.
//!
//! In: resolved [`Traces`]. Out: [`Summary`], which serialises as the documented output of
//! `glyphctl trace summarize --format json`. Not here: how a table looks; polars is in `frame` alone.

mod frame;

use schemars::JsonSchema;
use serde::Serialize;

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
    /// The figures, by descending total.
    pub rows: Vec<Row>,
    /// How many oddities of each kind the files hold; kinds that do not occur are absent.
    pub oddities: Oddities,
}

/// The figures of the spans of one service with one name. Percentiles are nearest-rank: the `ceil(q·n)`-th of the
/// `n` durations by size, so that each is one that occurred (in steps of a double above 2⁵³ ns, which are 104
/// days). Sums stop at 2⁶⁴−1 ns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The service.
    pub service: String,
    /// The span name.
    pub name: String,
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

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
#[error("the spans can't be grouped: {0}")]
pub struct SummaryError(#[from] polars::error::PolarsError);

/// Makes the figures.
pub(super) fn summarize(traces: &Traces) -> Result<Summary, SummaryError> {
    let spans = &traces.spans;
    let mut rows = frame::rows(spans, traces.self_times(), traces.critical_path().own_ns)?;
    rows.sort_by(|a, b| {
        (b.total_ns.cmp(&a.total_ns)).then_with(|| (&a.service, &a.name).cmp(&(&b.service, &b.name)))
    });
    let mut services: Vec<String> = spans.services().iter().map(str::to_owned).collect();
    services.sort_unstable();
    let extent = spans.extent();
    Ok(Summary {
        spans: spans.len() as u64,
        traces: spans.trace_ids().len() as u64,
        services,
        start_unix_nano: extent.map(|e| e.0),
        end_unix_nano: extent.map(|e| e.1),
        rows,
        oddities: traces.oddities.clone(),
    })
}

#[cfg(test)]
mod tests;
