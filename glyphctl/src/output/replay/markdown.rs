//! A report for pull requests: what the traffic wrote stands in code spans, in which nothing is markup.

use std::io::{self, Write};

use glyph_analysis::replay::{Group, Stray, Summary};

use super::{latency, told};
use crate::output::table::{Head, Table, code_span};

/// A comment has an end.
const GROUPS: usize = 50;

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**{}**", told::verdict(summary))?;
    if !summary.groups.is_empty() {
        writeln!(out)?;
        groups(&summary.groups).write_markdown(out)?;
    }
    let untold = summary.groups.len().saturating_sub(GROUPS);
    if untold > 0 {
        writeln!(out, "\n{untold} more places.")?;
    }
    if let Some(more) = told::more(summary) {
        writeln!(out, "\n{more}.")?;
    }
    strays("Missing", &summary.missing_exchanges, out)?;
    strays("Not recorded", &summary.extra_exchanges, out)?;
    if !summary.left_out.is_empty() {
        writeln!(out, "\nLeft out:\n")?;
        summary.left_out.iter().try_for_each(|left_out| writeln!(out, "- {}", told::left_out(left_out)))?;
    }
    if let Some(latency) = &summary.latency {
        writeln!(out)?;
        latency::table(latency).write_markdown(out)?;
    }
    Ok(())
}

/// A row for each cause, with its first example.
fn groups(groups: &[Group]) -> Table {
    let heads = [
        ("place", false),
        ("kind", false),
        ("exchanges", true),
        ("recorded", false),
        ("new", false),
        ("for example", false),
    ];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    let row = |group: &Group| {
        let example = group.examples.first();
        let sides = example.map_or(["", ""], |example| told::sides(&example.difference));
        vec![
            group.place.clone(),
            group.kind.to_string(),
            group.exchanges.to_string(),
            sides[0].to_owned(),
            sides[1].to_owned(),
            example.map(|example| told::exchange(&example.exchange)).unwrap_or_default(),
        ]
    };
    Table { heads, rows: groups.iter().take(GROUPS).map(row).collect() }
}

fn strays(title: &str, strays: &[Stray], out: &mut dyn Write) -> io::Result<()> {
    if strays.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}:\n")?;
    for stray in strays.iter().take(super::STRAYS) {
        let nearest: Vec<_> = stray.nearest.iter().map(|nearest| code_span(nearest)).collect();
        let near = if nearest.is_empty() { String::new() } else { format!("; near: {}", nearest.join(", ")) };
        writeln!(out, "- {}{near}", code_span(&told::stray(stray)))?;
    }
    match strays.len().saturating_sub(super::STRAYS) {
        0 => Ok(()),
        more => writeln!(out, "- and {more} more"),
    }
}
