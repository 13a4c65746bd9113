//! A comparison for people: the verdict, a row for each span name as wide as there is room, then what is to be known and done.

use std::io::{self, Write};

use console::Style;
use glyph_analysis::{
    text::{counted, grouped, visible},
    trace::diff::{Diff, DiffRow, Figure, Figures, Verdict},
};

use super::{Names, told};
use crate::output::{
    painted,
    table::{Head, Table},
};

/// Of changed calls no more are listed.
const CALLS: usize = 20;

/// Figures in the order in which they are given up where there is no room, the last first.
const COLUMNS: [Figure; 7] = [
    Figure::P95,
    Figure::P50,
    Figure::Errors,
    Figure::P99,
    Figure::Calls,
    Figure::SelfTime,
    Figure::Critical,
];

/// How they stand beside each other.
const ORDER: [Figure; 7] = [
    Figure::Errors,
    Figure::P50,
    Figure::P95,
    Figure::P99,
    Figure::SelfTime,
    Figure::Critical,
    Figure::Calls,
];

pub(super) fn write(
    diff: &Diff,
    names: Names<'_>,
    top: usize,
    terminal: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = match (diff.failed, diff.undecided.is_empty()) {
        (true, _) => Style::new().red(),
        (false, true) => Style::new().green(),
        (false, false) => Style::new().yellow(),
    };
    writeln!(out, "{}", painted(&style, &told::verdict(diff)))?;
    writeln!(out, "{}\n", told::extents(diff))?;
    fitting(diff, top, terminal).write_text(out)?;
    if let Some(hidden) = diff.rows.len().checked_sub(top).filter(|hidden| *hidden > 0) {
        writeln!(out, "… and {} (--top)", counted(hidden as u64, "more row"))?;
    }
    for row in &diff.rows {
        for broken in &row.broken {
            writeln!(
                out,
                "\n{}: {}",
                painted(&Style::new().red(), &told::name(row)),
                visible(&told::broken(row, broken))
            )?;
            if let Some(command) = told::command(row, broken, names) {
                writeln!(out, "    traces to look at: {}\n    {}", told::traces(broken), visible(&command))?;
            }
        }
    }
    calls(diff, out)?;
    if !diff.notes.is_empty() {
        writeln!(out)?;
    }
    diff.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))
}

fn calls(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    if diff.calls.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", painted(&Style::new().bold(), "who calls whom has changed"))?;
    for calls in diff.calls.iter().take(CALLS) {
        writeln!(out, "  {}", visible(&told::calls(calls)))?;
    }
    match diff.calls.len().saturating_sub(CALLS) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more; --format json has all of them"),
    }
}

/// The table as wide as the terminal has room for.
fn fitting(diff: &Diff, top: usize, terminal: Option<usize>) -> Table {
    let tables = (1..=COLUMNS.len())
        .rev()
        .flat_map(|columns| [true, false].map(|ranges| table(diff, top, &COLUMNS[..columns], ranges)));
    let mut widest_first: Vec<Table> = tables.collect();
    let Some(columns) = terminal else { return widest_first.swap_remove(0) };
    let at = widest_first.iter().position(|table| table.width() <= columns);
    widest_first.swap_remove(at.unwrap_or(2 * COLUMNS.len() - 1))
}

/// The rows with these figures, with or without from where to where a change may be.
pub(super) fn table(diff: &Diff, top: usize, figures: &[Figure], ranges: bool) -> Table {
    let text = |title: &str| Head { title: title.to_owned(), is_number: false };
    let number = |title: String| Head { title, is_number: true };
    let shown: Vec<Figure> = ORDER.into_iter().filter(|figure| figures.contains(figure)).collect();
    let mut heads = vec![text("verdict"), text("service"), text("name"), number("spans".to_owned())];
    for figure in &shown {
        heads.push(number(title(*figure)));
        heads.push(number("change".to_owned()));
        heads.extend(ranges.then(|| text("between")));
    }
    let cells = |row: &DiffRow| {
        let count = |side: &Option<Figures>| side.as_ref().map_or("-".to_owned(), |side| grouped(side.count));
        let mut cells = vec![
            told::word_of(row.verdict).to_owned(),
            row.service.clone(),
            row.name.clone(),
            format!("{} → {}", count(&row.base), count(&row.new)),
        ];
        for figure in &shown {
            cells.push(both(diff, row, *figure));
            let interval = told::interval(row, *figure);
            cells.push(interval.map(|interval| told::change(*figure, interval)).unwrap_or_default());
            cells.extend(
                ranges.then(|| interval.map(|interval| told::range(*figure, interval)).unwrap_or_default()),
            );
        }
        cells
    };
    Table { heads, rows: diff.rows.iter().take(top).map(cells).collect() }
}

fn title(figure: Figure) -> String {
    match figure {
        Figure::SelfTime => "self a span".to_owned(),
        Figure::Critical => "critical path".to_owned(),
        Figure::Calls => "a trace".to_owned(),
        figure => figure.to_string(),
    }
}

/// A figure on both sides.
fn both(diff: &Diff, row: &DiffRow, figure: Figure) -> String {
    let side = |figures: &Option<Figures>, traces: u64| {
        let value = figures.as_ref().and_then(|figures| figures.value(figure, traces));
        value.map_or("-".to_owned(), |value| told::value(figure, value))
    };
    let (base, new) = (side(&row.base, diff.base.traces), side(&row.new, diff.new.traces));
    match row.verdict {
        Verdict::New => new,
        Verdict::Gone => base,
        _ if base == new => base,
        _ => format!("{base} → {new}"),
    }
}

#[cfg(test)]
mod tests {
    use glyph_analysis::trace::diff::{Observation, Rule, Sample, Side, compare};
    use glyph_formats::TraceId;

    use super::*;

    fn diff() -> Diff {
        let side = |factor: u64| {
            let trace = |t: u64| {
                let spans = ["checkout", "db.query"].map(|name| Observation {
                    service: "shop",
                    name,
                    duration_ns: factor * (1_000_000 + t * 7_919 % 1_000),
                    is_error: false,
                });
                Some((TraceId::new(t.into())?, spans))
            };
            Side::of(vec![Sample::collect((1..300).filter_map(trace))], None)
        };
        let rules: Vec<Rule> = Rule::DEFAULT.iter().map(|rule| rule.parse().unwrap()).collect();
        compare(&side(3), &side(4), &rules, 1).unwrap()
    }

    #[test]
    fn a_table_is_no_wider_than_the_terminal_and_a_wider_one_shows_more() {
        let diff = diff();
        let mut before = 0;
        for terminal in 70..300 {
            let table = fitting(&diff, 9, Some(terminal));
            assert!(table.width() <= terminal, "{} > {terminal}", table.width());
            assert!(table.heads.len() >= before, "{terminal}");
            before = table.heads.len().max(before.saturating_sub(1));
        }
        assert!(before > 20);
        assert!(fitting(&diff, 9, Some(10)).has("p95"));
    }
}
