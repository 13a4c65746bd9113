//! A comparison for pull requests: what the traffic wrote stands in code spans, in which nothing is markup.

use std::io::{self, Write};

use glyph_analysis::{
    text::counted,
    trace::diff::{Diff, Figure},
};

use super::{Names, table, told};
use crate::output::table::code_span;

/// Of changed calls no more are listed: a comment has an end.
const CALLS: usize = 20;

pub(super) fn write(diff: &Diff, names: Names<'_>, top: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**{}**\n\n{}\n", told::verdict(diff), told::extents(diff))?;
    let figures = [Figure::Errors, Figure::P50, Figure::P95, Figure::P99];
    table::table(diff, top, &figures, false).write_markdown(out)?;
    if let Some(hidden) = diff.rows.len().checked_sub(top).filter(|hidden| *hidden > 0) {
        writeln!(out, "\n… and {} (--top)", counted(hidden as u64, "more row"))?;
    }
    let all = diff.rows.iter().flat_map(|row| row.broken.iter().map(move |broken| (row, broken)));
    if diff.failed {
        writeln!(out)?;
    }
    for (row, broken) in all {
        writeln!(out, "- {}: {}", code_span(&told::name(row)), code_span(&told::broken(row, broken)))?;
        if let Some(command) = told::command(row, broken, names) {
            writeln!(out, "  - {}", code_span(&command))?;
        }
    }
    if !diff.calls.is_empty() {
        writeln!(out, "\nWho calls whom has changed:\n")?;
    }
    diff.calls
        .iter()
        .take(CALLS)
        .try_for_each(|calls| writeln!(out, "- {}", code_span(&told::calls(calls))))?;
    match diff.calls.len().saturating_sub(CALLS) {
        0 => {}
        more => writeln!(out, "- and {more} more")?,
    }
    if !diff.notes.is_empty() {
        writeln!(out)?;
    }
    diff.notes.iter().try_for_each(|note| writeln!(out, "> {note}"))
}
