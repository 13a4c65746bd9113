//! Figures of flows, in each format.

use std::io::{self, Write};

use glyph_analysis::text::{counted, duration, grouped};
use schemars::JsonSchema;
use serde::Serialize;

use super::bytes;
use crate::output::{
    Format, json,
    table::{Head, Table},
};

/// What `flows stats --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stats {
    /// How many flows the filters left.
    pub(crate) flows: u64,
    /// When the first of them began; none if there are none.
    pub(crate) start_unix_nano: Option<u64>,
    /// When the last of them ended.
    pub(crate) end_unix_nano: Option<u64>,
    /// What the rows are by, in the order of their keys.
    pub(crate) by: Vec<String>,
    /// The figures, as they are sorted.
    pub(crate) rows: Vec<Row>,
    /// How many rows --top left out.
    pub(crate) rows_left_out: u64,
}

/// The figures of the flows that have something in common.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    /// What they have in common, one for each of `by`.
    pub(crate) key: Vec<String>,
    /// How many there are.
    pub(crate) count: u64,
    /// How many failed, or were answered with a status of 500 or more.
    pub(crate) errors: u64,
    /// The share of these.
    pub(crate) error_rate: f64,
    /// Percentiles are nearest-rank: the `ceil(q·n)`-th of the n durations.
    pub(crate) p50_ns: u64,
    /// The 95th.
    pub(crate) p95_ns: u64,
    /// The 99th.
    pub(crate) p99_ns: u64,
    /// The longest.
    pub(crate) max_ns: u64,
    /// All together.
    pub(crate) total_ns: u64,
    /// Bytes of bodies that the clients sent; of tunnels all bytes.
    pub(crate) bytes_sent: u64,
    /// And that they got.
    pub(crate) bytes_received: u64,
}

/// Writes them.
pub(crate) fn write(stats: &Stats, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => return json::write(stats, out),
        Format::Csv => return table(stats, true).write_csv(out),
        Format::Markdown => {
            writeln!(out, "{}\n", caption(stats))?;
            table(stats, false).write_markdown(out)?;
        }
        Format::Table => {
            writeln!(out, "{}\n", caption(stats))?;
            table(stats, false).write_text(out)?;
        }
    }
    match (stats.rows_left_out, format) {
        (0, _) => Ok(()),
        (more, Format::Markdown) => writeln!(out, "\n… and {} (--top)", counted(more, "more row")),
        (more, _) => writeln!(out, "… and {} (--top)", counted(more, "more row")),
    }
}

fn caption(stats: &Stats) -> String {
    let extent =
        stats.end_unix_nano.zip(stats.start_unix_nano).map_or(0, |(end, start)| end.saturating_sub(start));
    format!("{}, {}", counted(stats.flows, "flow"), duration(extent))
}

fn table(stats: &Stats, exact: bool) -> Table {
    let figures = match exact {
        true => [
            "count",
            "errors",
            "error_rate",
            "p50_ns",
            "p95_ns",
            "p99_ns",
            "max_ns",
            "total_ns",
            "bytes_sent",
            "bytes_received",
        ],
        false => ["count", "errors", "rate", "p50", "p95", "p99", "max", "total", "sent", "received"],
    };
    let head = |title: &str, is_number| Head { title: title.to_owned(), is_number };
    let keys = stats.by.iter().map(|key| head(key, false));
    let heads = keys.chain(figures.iter().map(|title| head(title, true))).collect();
    Table { heads, rows: stats.rows.iter().map(|row| cells(row, exact)).collect() }
}

fn cells(row: &Row, exact: bool) -> Vec<String> {
    let count = |n: u64| if exact { n.to_string() } else { grouped(n) };
    let time = |ns: u64| if exact { ns.to_string() } else { duration(ns) };
    let size = |n: u64| if exact { n.to_string() } else { bytes(n) };
    let rate = match exact {
        true => row.error_rate.to_string(),
        false => format!("{:.1}%", row.error_rate * 100.0),
    };
    let mut cells = row.key.clone();
    cells.extend([count(row.count), count(row.errors), rate]);
    cells.extend([row.p50_ns, row.p95_ns, row.p99_ns, row.max_ns, row.total_ns].map(time));
    cells.extend([row.bytes_sent, row.bytes_received].map(size));
    cells
}
