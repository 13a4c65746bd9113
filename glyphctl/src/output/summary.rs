//! A trace summary in each format.

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::summary::{Row, Summary},
};

use super::{
    Format, json,
    table::{Head, Table},
};

/// A column of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    Service,
    Name,
    Count,
    Errors,
    P50,
    P90,
    P95,
    P99,
    Max,
    Total,
    #[value(name = "self")]
    SelfTime,
    Critical,
}

/// What a cell holds.
enum Cell<'a> {
    Text(&'a str),
    Count(u64),
    Ns(u64),
}

impl Column {
    const SHOWN: [Self; 11] = [
        Self::Service,
        Self::Name,
        Self::Count,
        Self::Errors,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Total,
        Self::SelfTime,
        Self::Critical,
    ];

    fn title(self, exact: bool) -> &'static str {
        match (self, exact) {
            (Self::Service, _) => "service",
            (Self::Name, _) => "name",
            (Self::Count, _) => "count",
            (Self::Errors, _) => "errors",
            (Self::P50, false) => "p50",
            (Self::P50, true) => "p50_ns",
            (Self::P90, false) => "p90",
            (Self::P90, true) => "p90_ns",
            (Self::P95, false) => "p95",
            (Self::P95, true) => "p95_ns",
            (Self::P99, false) => "p99",
            (Self::P99, true) => "p99_ns",
            (Self::Max, false) => "max",
            (Self::Max, true) => "max_ns",
            (Self::Total, false) => "total",
            (Self::Total, true) => "total_ns",
            (Self::SelfTime, false) => "self",
            (Self::SelfTime, true) => "self_ns",
            (Self::Critical, false) => "critical",
            (Self::Critical, true) => "critical_path_ns",
        }
    }

    fn cell(self, row: &Row) -> Cell<'_> {
        match self {
            Self::Service => Cell::Text(&row.service),
            Self::Name => Cell::Text(&row.name),
            Self::Count => Cell::Count(row.count),
            Self::Errors => Cell::Count(row.errors),
            Self::P50 => Cell::Ns(row.p50_ns),
            Self::P90 => Cell::Ns(row.p90_ns),
            Self::P95 => Cell::Ns(row.p95_ns),
            Self::P99 => Cell::Ns(row.p99_ns),
            Self::Max => Cell::Ns(row.max_ns),
            Self::Total => Cell::Ns(row.total_ns),
            Self::SelfTime => Cell::Ns(row.self_ns),
            Self::Critical => Cell::Ns(row.critical_path_ns),
        }
    }
}

/// Sorts the rows: text ascending, figures descending, then as they were.
pub(crate) fn sort(summary: &mut Summary, by: Column) {
    summary.rows.sort_by(|a, b| match (by.cell(a), by.cell(b)) {
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Count(a) | Cell::Ns(a), Cell::Count(b) | Cell::Ns(b)) => b.cmp(&a),
        // One column holds one kind.
        _ => std::cmp::Ordering::Equal,
    });
}

/// Writes it.
pub(crate) fn write(summary: &Summary, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(summary, out),
        Format::Csv => table(summary, <Column as ValueEnum>::value_variants(), true).write_csv(out),
        Format::Markdown => {
            writeln!(out, "{}\n", caption(summary))?;
            table(summary, &Column::SHOWN, false).write_markdown(out)
        }
        Format::Table => {
            writeln!(out, "{}\n", caption(summary))?;
            table(summary, &Column::SHOWN, false).write_text(out)
        }
    }
}

fn caption(summary: &Summary) -> String {
    let extent = summary.end_unix_nano.zip(summary.start_unix_nano).map_or(0, |(end, start)| end - start);
    format!(
        "{}, {}, {}, {}",
        counted(summary.spans, "span"),
        counted(summary.traces, "trace"),
        counted(summary.services.len() as u64, "service"),
        duration(extent),
    )
}

fn table(summary: &Summary, columns: &[Column], exact: bool) -> Table {
    let heads = columns
        .iter()
        .map(|c| Head { title: c.title(exact), is_number: !matches!(c, Column::Service | Column::Name) })
        .collect();
    let text = |cell| match cell {
        Cell::Text(text) => text.to_owned(),
        Cell::Count(n) | Cell::Ns(n) if exact => n.to_string(),
        Cell::Count(n) => grouped(n),
        Cell::Ns(ns) => duration(ns),
    };
    let rows = summary.rows.iter().map(|row| columns.iter().map(|c| text(c.cell(row))).collect()).collect();
    Table { heads, rows }
}
