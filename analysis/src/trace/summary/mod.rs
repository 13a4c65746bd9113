//! The summary: a row of figures for each service and span name, or for whatever else spans have in common.
//!
//! In: files of any size, or resolved [`Traces`], and what to group by. Out: [`Summary`], which serialises as the
//! documented output of `glyphctl trace summarize --format json`. Not here: how a table looks; polars is in `frame` alone.

mod figures;
pub(super) mod frame;
mod powers;

use std::collections::BTreeMap;

use glyph_formats::{
    jsonl::input::Progress,
    span::{SpanKind, SpanStatus},
};
use schemars::JsonSchema;
use serde::Serialize;

use self::figures::Figures;
pub use self::powers::Powers;
use super::{
    LoadError, Sorted, Traces,
    columns::Names,
    filter::Filter,
    group::{Grouping, Groups, Key, Value, groups_of},
    oddity::Oddities,
};

/// What `trace summarize` says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// The condition that spans have to meet to count in anything here, in canonical form; absent without one. What is odd is
    /// counted over all spans all the same, and self time and critical path are found in whole traces.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How many spans there are that do not meet it; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans_left_out: Option<u64>,
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
    /// The critical path of all rows together: without a condition, how long the roots of all traces lasted. Stops at
    /// 2⁶⁴−1 ns.
    pub critical_path_ns: u64,
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
/// `n` durations by size, so that each is one that occurred. Sums stop at 2⁶⁴−1 ns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
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
    /// How many there are a second, from the first span of the summary to the end of the last; null if no time passes.
    pub rate_per_second: Option<f64>,
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
    /// How the durations are spread.
    #[serde(skip)]
    pub durations: Powers,
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

/// Summarises what is in memory.
pub(super) fn summarize(traces: &Traces, grouping: &Grouping) -> Summary {
    let spans = &traces.spans;
    let (groups, group) = groups_of(spans, grouping);
    let mut figures = Figures::of(groups.len());
    figures.add(traces, &group);
    summary(grouping, figures, &groups, &spans.services, &spans.names, traces.oddities.clone())
}

impl Sorted {
    /// Summarises them. Meanwhile the memory holds the duration of each span, and in turn the spans of a part of the
    /// traces for each core.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub fn summarize(self, progress: &Progress) -> Result<Summary, LoadError> {
        let start = |groups: &Groups| Figures::of(groups.len());
        let (all, of_cores) = self.fold(progress, start, Figures::add)?;
        let mut figures = start(&all.groups);
        of_cores.into_iter().for_each(|more| figures.absorb(more));
        Ok(summary(&all.grouping, figures, &all.groups, &all.services, &all.names, all.oddities))
    }
}

/// Says what the figures are of.
fn summary(
    grouping: &Grouping,
    figures: Figures,
    groups: &Groups,
    services: &Names,
    names: &Names,
    oddities: Oddities,
) -> Summary {
    let extent = figures.extent.map_or(0, |(start, end)| end - start);
    let seconds = (extent > 0).then(|| extent as f64 / 1e9);
    let critical_path_ns =
        figures.groups.iter().fold(0_u64, |sum, group| sum.saturating_add(group.critical_path_ns));
    let mut of_groups = figures.groups;
    let counts: Vec<u64> = of_groups.iter().map(|group| group.durations.len() as u64).collect();
    let spreads =
        frame::spreads(of_groups.iter_mut().map(|group| std::mem::take(&mut group.durations)).collect());
    let mut rows: Vec<Row> = of_groups
        .into_iter()
        .zip(counts)
        .zip(spreads)
        .enumerate()
        .filter(|(_, ((_, count), _))| *count > 0)
        .map(|(number, ((group, count), spread))| {
            let [p50_ns, p90_ns, p95_ns, p99_ns, max_ns] = spread.percentiles;
            let mut row = Row {
                count,
                rate_per_second: seconds.map(|seconds| count as f64 / seconds),
                errors: group.errors,
                p50_ns,
                p90_ns,
                p95_ns,
                p99_ns,
                max_ns,
                total_ns: group.total_ns,
                self_ns: group.self_ns,
                critical_path_ns: group.critical_path_ns,
                durations: spread.powers,
                ..Row::default()
            };
            for value in groups.values(number, grouping) {
                match value {
                    Value::Service(code) => row.service = Some(services.text(code).to_owned()),
                    Value::Name(code) => row.name = Some(names.text(code).to_owned()),
                    Value::Kind(kind) => row.kind = Some(kind),
                    Value::Status(status) => row.status = Some(status),
                    Value::Attribute(key, text) => {
                        row.attributes
                            .get_or_insert_default()
                            .insert(key.to_owned(), text.map(str::to_owned));
                    }
                }
            }
            row
        })
        .collect();
    rows.sort_by(|a, b| b.total_ns.cmp(&a.total_ns).then_with(|| a.group().cmp(&b.group())));
    let mut services: Vec<String> =
        figures.services.iter().map(|code| services.text(*code).to_owned()).collect();
    services.sort_unstable();
    let filter = grouping.filter();
    Summary {
        filter: filter.map(Filter::to_string),
        spans_left_out: filter.map(|_| figures.all_spans - figures.spans),
        spans: figures.spans,
        traces: figures.traces,
        services,
        start_unix_nano: figures.extent.map(|e| e.0),
        end_unix_nano: figures.extent.map(|e| e.1),
        critical_path_ns,
        by: grouping.keys().to_vec(),
        rows,
        rows_left_out: None,
        oddities,
    }
}

#[cfg(test)]
mod tests;
