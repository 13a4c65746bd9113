//! A trace summary in each format.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use clap::ValueEnum;
use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::{
        group::Key,
        summary::{Row, Summary},
    },
};
use glyph_formats::span::{SpanKind, SpanStatus};

use super::{
    Format, json,
    table::{Head, Table},
};

/// What rows can be sorted by: a column of the summary.
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

/// What a cell of figures holds.
enum Cell {
    Count(u64),
    Ns(u64),
}

/// What stands where spans have no such attribute; a value that is this very text stands in quotes.
const NONE: &str = "(none)";

impl Column {
    /// The figures.
    const ALL: [Self; 10] = [
        Self::Count,
        Self::Errors,
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Total,
        Self::SelfTime,
        Self::Critical,
    ];
    /// Those that people are shown.
    const SHOWN: [Self; 9] = [
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

    /// The key that it shows; none if it shows a figure.
    pub(crate) fn key(self) -> Option<Key> {
        match self {
            Self::Service => Some(Key::Service),
            Self::Name => Some(Key::Name),
            _ => None,
        }
    }

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

    /// The figure; none if it shows a key.
    fn cell(self, row: &Row) -> Option<Cell> {
        Some(match self {
            Self::Service | Self::Name => return None,
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
        })
    }

    /// What is greater comes first.
    fn figure(self, row: &Row) -> Option<u64> {
        self.cell(row).map(|(Cell::Count(n) | Cell::Ns(n))| n)
    }
}

/// Sorts the rows: text ascending, figures descending, then as they were.
pub(crate) fn sort(summary: &mut Summary, by: Column) {
    match by {
        Column::Service => summary.rows.sort_by(|a, b| a.service.cmp(&b.service)),
        Column::Name => summary.rows.sort_by(|a, b| a.name.cmp(&b.name)),
        by => summary.rows.sort_by_key(|row| std::cmp::Reverse(by.figure(row))),
    }
}

/// Writes it.
pub(crate) fn write(summary: &Summary, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(summary, out),
        Format::Csv => table(summary, &Column::ALL, true, |table| table.write_csv(out)),
        Format::Markdown => {
            writeln!(out, "{}\n", caption(summary))?;
            table(summary, &Column::SHOWN, false, |table| table.write_markdown(out))?;
            if let Some(left_out) = left_out(summary) {
                writeln!(out, "\n{left_out}")?;
            }
            Ok(())
        }
        Format::Table => {
            writeln!(out, "{}\n", caption(summary))?;
            table(summary, &Column::SHOWN, false, |table| table.write_text(out))?;
            if let Some(left_out) = left_out(summary) {
                writeln!(out, "{left_out}")?;
            }
            Ok(())
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

/// What `--top` hides.
fn left_out(summary: &Summary) -> Option<String> {
    summary.rows_left_out.map(|hidden| format!("… and {} (--top)", counted(hidden, "more row")))
}

/// Hands the table on: what the rows have in common, then the figures.
fn table<T>(summary: &Summary, figures: &[Column], exact: bool, write: impl FnOnce(&Table<'_>) -> T) -> T {
    let keys: Vec<String> = summary.by.iter().map(Key::to_string).collect();
    let heads = keys.iter().map(|title| Head { title, is_number: false });
    let heads =
        heads.chain(figures.iter().map(|c| Head { title: c.title(exact), is_number: true })).collect();
    let text = |cell| match cell {
        Cell::Count(n) | Cell::Ns(n) if exact => n.to_string(),
        Cell::Count(n) => grouped(n),
        Cell::Ns(ns) => duration(ns),
    };
    let cells = |row: &Row| {
        let keys = summary.by.iter().map(|key| value(row, key).into_owned());
        keys.chain(figures.iter().filter_map(|c| c.cell(row)).map(text)).collect()
    };
    write(&Table { heads, rows: summary.rows.iter().map(cells).collect() })
}

/// What the spans of a row have for a key.
fn value<'a>(row: &'a Row, key: &Key) -> Cow<'a, str> {
    let text = match key {
        Key::Service => row.service.as_deref(),
        Key::Name => row.name.as_deref(),
        Key::Kind => row.kind.map(SpanKind::as_str),
        Key::Status => row.status.map(SpanStatus::as_str),
        Key::Attribute(key) => {
            let value = row.attributes.as_ref().and_then(|all| all.get(key)?.as_deref());
            return match value {
                None => NONE.into(),
                Some(NONE) => format!("{NONE:?}").into(),
                Some(text) => text.into(),
            };
        }
    };
    text.unwrap_or_default().into()
}
