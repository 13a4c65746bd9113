//! What series and labels there are, in each format.

use std::io::{self, Write};

use glyph_analysis::{
    response::{LabelListing, Seconds, SeriesListing, ValueListing},
    text::{counted, grouped},
};
use serde::Serialize;

use super::shown;
use crate::output::{
    Format, json,
    table::{Head, Table},
};

/// Writes which series there are.
pub(crate) fn write_series(listing: &SeriesListing, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let exact = format == Format::Csv;
    let time = |time: Option<Seconds>| match time {
        None => "–".to_owned(),
        Some(Seconds(ms)) if exact => (ms as f64 / 1e3).to_string(),
        Some(Seconds(ms)) => shown(ms),
    };
    let rows = listing.series.iter().map(|s| {
        let none = if exact { "" } else { "–" };
        let kind = s.kind.unwrap_or(none).to_owned();
        vec![s.name.to_string(), kind, count(s.samples, exact), time(s.first), time(s.last)]
    });
    let heads = [("series", false), ("type", false), ("samples", true), ("first", exact), ("last", exact)];
    let samples: u64 = listing.series.iter().map(|s| s.samples).sum();
    let caption = format!("{} series, {}", grouped(listing.series.len() as u64), counted(samples, "sample"));
    write(listing, &caption, table(&heads, rows), format, out)
}

/// Writes which labels there are.
pub(crate) fn write_labels(listing: &LabelListing, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let exact = format == Format::Csv;
    let rows =
        listing.labels.iter().map(|l| vec![l.label.clone(), count(l.values, exact), count(l.series, exact)]);
    let caption = counted(listing.labels.len() as u64, "label");
    write(
        listing,
        &caption,
        table(&[("label", false), ("values", true), ("series", true)], rows),
        format,
        out,
    )
}

/// Writes which values a label has.
pub(crate) fn write_values(listing: &ValueListing, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let exact = format == Format::Csv;
    let rows =
        listing.values.iter().map(|v| vec![v.value.clone(), count(v.series, exact), count(v.samples, exact)]);
    let caption = format!("{} of {}", counted(listing.values.len() as u64, "value"), listing.label);
    let heads = [(listing.label.as_str(), false), ("series", true), ("samples", true)];
    write(listing, &caption, table(&heads, rows), format, out)
}

fn count(count: u64, exact: bool) -> String {
    if exact { count.to_string() } else { grouped(count) }
}

fn table(heads: &[(&str, bool)], rows: impl Iterator<Item = Vec<String>>) -> Table {
    let head = |(title, is_number): &(&str, bool)| Head { title: (*title).to_owned(), is_number: *is_number };
    Table { heads: heads.iter().map(head).collect(), rows: rows.collect() }
}

fn write(
    listing: &impl Serialize,
    caption: &str,
    table: Table,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Json => json::write(listing, out),
        Format::Csv => table.write_csv(out),
        Format::Markdown => {
            writeln!(out, "{}\n", glyph_analysis::text::visible(caption))?;
            table.write_markdown(out)
        }
        Format::Table => {
            writeln!(out, "{}\n", glyph_analysis::text::visible(caption))?;
            table.write_text(out)
        }
    }
}
