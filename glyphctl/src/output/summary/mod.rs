//! A trace summary in each format.

mod column;
mod drawing;

use std::{
    borrow::Cow,
    io::{self, Write},
};

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::{
        group::Key,
        summary::{Row, Summary},
    },
};
use glyph_formats::span::{SpanKind, SpanStatus};

pub(crate) use self::column::Column;
use self::drawing::{Scale, bar};
use super::{
    Format, json,
    table::{Head, Table},
};

/// What stands where spans have no such attribute; a value that is this very text stands in quotes.
const NONE: &str = "(none)";

/// Sorts the rows: text ascending, figures descending, then as they were.
pub(crate) fn sort(summary: &mut Summary, by: Column) {
    match by {
        Column::Service => summary.rows.sort_by(|a, b| a.service.cmp(&b.service)),
        Column::Name => summary.rows.sort_by(|a, b| a.name.cmp(&b.name)),
        by => summary.rows.sort_by_key(|row| std::cmp::Reverse(by.figure(row))),
    }
}

/// What of a summary is shown to people, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// What the rows are sorted by.
    pub(crate) sorted_by: Column,
    /// Whether each row's share of the critical path is shown.
    pub(crate) shares: bool,
    /// How many columns the terminal has; none if it is none.
    pub(crate) terminal: Option<usize>,
}

/// Writes it.
pub(crate) fn write(summary: &Summary, format: Format, view: View, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(summary, out),
        Format::Csv => table(summary, &Column::ALL, true, Extra::of(view, false)).write_csv(out),
        Format::Markdown => {
            writeln!(out, "{}\n", caption(summary))?;
            table(summary, &Column::SHOWN, false, Extra::of(view, false)).write_markdown(out)?;
            if let Some(left_out) = left_out(summary) {
                writeln!(out, "\n{left_out}")?;
            }
            Ok(())
        }
        Format::Table => {
            writeln!(out, "{}\n", caption(summary))?;
            let table = fitting(summary, view);
            table.write_text(out)?;
            let hidden: Vec<_> =
                Column::SHOWN.iter().map(|c| c.title(false)).filter(|title| !table.has(title)).collect();
            if !hidden.is_empty() {
                writeln!(out, "(a wider terminal shows {}, too)", hidden.join(", "))?;
            }
            if let Some(left_out) = left_out(summary) {
                writeln!(out, "{left_out}")?;
            }
            Ok(())
        }
    }
}

fn caption(summary: &Summary) -> String {
    let extent = summary.end_unix_nano.zip(summary.start_unix_nano).map_or(0, |(end, start)| end - start);
    let others =
        summary.spans_left_out.map(|more| format!(" of {} (--where)", grouped(summary.spans + more)));
    format!(
        "{}{}, {}, {}, {}",
        counted(summary.spans, "span"),
        others.unwrap_or_default(),
        counted(summary.traces, "trace"),
        counted(summary.services.len() as u64, "service"),
        duration(extent),
    )
}

/// What `--top` hides.
fn left_out(summary: &Summary) -> Option<String> {
    summary.rows_left_out.map(|hidden| format!("… and {} (--top)", counted(hidden, "more row")))
}

/// The table as wide as the terminal has room for, with the most telling of what fits.
fn fitting(summary: &Summary, view: View) -> Table {
    let all = |figures| table(summary, figures, false, Extra::of(view, true));
    let without_bar = |figures| table(summary, figures, false, Extra { bar: None, ..Extra::of(view, true) });
    let plain = |figures| table(summary, figures, false, Extra::of(view, false));
    let Some(columns) = view.terminal else { return plain(&Column::SHOWN) };
    let ways: [&dyn Fn() -> Table; 6] = [
        &|| all(&Column::SHOWN),
        &|| without_bar(&Column::SHOWN),
        &|| without_bar(&Column::FEWER),
        &|| plain(&Column::SHOWN),
        &|| plain(&Column::FEWER),
        &|| plain(&Column::FEWEST),
    ];
    let mut tables = ways.iter().map(|way| way());
    tables.find(|table| table.width() <= columns).unwrap_or_else(|| plain(&Column::FEWEST))
}

/// What stands beside the figures.
#[derive(Debug, Clone, Copy, Default)]
struct Extra {
    share: bool,
    /// How much of the greatest figure of that column each row has.
    bar: Option<Column>,
    /// How the durations are spread.
    latency: bool,
}

impl Extra {
    fn of(view: View, may_draw: bool) -> Self {
        let draws = may_draw && view.terminal.is_some();
        let column = if view.sorted_by.key().is_some() { Column::Total } else { view.sorted_by };
        Self { share: view.shares, bar: draws.then_some(column), latency: draws }
    }
}

/// What the rows have in common, then the figures, then the rest.
fn table(summary: &Summary, figures: &[Column], exact: bool, extra: Extra) -> Table {
    let number = |title: &str| Head { title: title.to_owned(), is_number: true };
    let text = |title: String| Head { title, is_number: false };
    let scale = Scale::of(&summary.rows);
    let greatest = extra
        .bar
        .and_then(|column| summary.rows.iter().filter_map(|row| column.figure(row)).max())
        .unwrap_or(0);
    let mut heads: Vec<Head> = summary.by.iter().map(|key| text(key.to_string())).collect();
    heads.extend(figures.iter().map(|column| number(column.title(exact))));
    heads.extend(extra.share.then(|| number(if exact { "critical_path_share" } else { "share" })));
    heads.extend(extra.bar.map(|column| text(column.title(false).to_owned())));
    heads.extend(extra.latency.then(|| text(scale.title())));
    let cells = |row: &Row| {
        let mut cells: Vec<String> = summary.by.iter().map(|key| value(row, key).into_owned()).collect();
        cells.extend(figures.iter().filter_map(|column| column.text(row, exact)).map(Cow::into_owned));
        cells.extend(extra.share.then(|| share(row, summary, exact)));
        cells.extend(extra.bar.map(|column| bar(column.figure(row).unwrap_or(0), greatest)));
        cells.extend(extra.latency.then(|| scale.spread(row)));
        cells
    };
    Table { heads, rows: summary.rows.iter().map(cells).collect() }
}

/// How much of the critical path of all rows lies in this one.
fn share(row: &Row, summary: &Summary, exact: bool) -> String {
    let share = row.critical_path_ns as f64 / summary.critical_path_ns.max(1) as f64;
    if exact { share.to_string() } else { format!("{:.1}%", 100.0 * share) }
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

#[cfg(test)]
mod tests {
    use glyph_analysis::trace::{oddity::Oddities, summary::Powers};

    use super::*;

    fn summary() -> Summary {
        let row = |name: &str, ns: u64| Row {
            service: Some("shop".to_owned()),
            name: Some(name.to_owned()),
            count: 2,
            rate_per_second: Some(12.5),
            p50_ns: ns,
            p95_ns: ns,
            p99_ns: ns,
            max_ns: ns,
            total_ns: 2 * ns,
            self_ns: ns,
            critical_path_ns: ns,
            durations: Powers::of(&[ns, ns]),
            ..Row::default()
        };
        Summary {
            filter: None,
            spans_left_out: None,
            spans: 4,
            traces: 2,
            services: vec!["shop".to_owned()],
            start_unix_nano: Some(0),
            end_unix_nano: Some(160_000_000),
            critical_path_ns: 4_100_000,
            by: vec![Key::Service, Key::Name],
            rows: vec![row("checkout", 4_000_000), row("auth", 100_000)],
            rows_left_out: None,
            oddities: Oddities::default(),
        }
    }

    #[test]
    fn a_table_is_no_wider_than_the_terminal() {
        let summary = summary();
        for terminal in 75..160 {
            let view = View { sorted_by: Column::Total, shares: true, terminal: Some(terminal) };
            let width = fitting(&summary, view).width();
            assert!(width <= terminal, "{width} > {terminal}");
        }
    }

    #[test]
    fn a_wider_terminal_shows_more() {
        let written = |columns| {
            let view = View { sorted_by: Column::Total, shares: false, terminal: columns };
            let mut out = Vec::new();
            write(&summary(), Format::Table, view, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let all = [Some(200), Some(120), Some(100), Some(70), None].map(|columns| {
            let columns_told = columns.map_or("no terminal".to_owned(), |n: usize| format!("{n} columns"));
            format!("{columns_told}\n{}", written(columns))
        });
        insta::assert_snapshot!(all.join("\n"));
    }
}
