//! The runs of a baseline, in each format.

use std::io::{self, Write};

use glyph_analysis::text::{duration, grouped};
use indicatif::HumanBytes;

use super::{
    Format, json,
    table::{Head, Table},
};
use crate::commands::baseline::Listed;

/// Writes them.
pub(crate) fn write(listed: &Listed, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(listed, out),
        Format::Csv => table(listed, true).write_csv(out),
        Format::Markdown => table(listed, false).write_markdown(out),
        Format::Table => table(listed, false).write_text(out),
    }
}

fn table(listed: &Listed, exact: bool) -> Table {
    let lasts = if exact { "lasts_ns" } else { "lasts" };
    let heads = [
        ("run", false),
        ("began", false),
        (lasts, true),
        ("flows", true),
        ("spans", true),
        ("findings", true),
        ("bytes", true),
    ];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    let count = |n: u64| if exact { n.to_string() } else { grouped(n) };
    let rows = listed.runs.iter().map(|run| {
        let lasts = run.lasts_ns.map(|ns| if exact { ns.to_string() } else { duration(ns) });
        vec![
            run.path.clone(),
            run.start_time_unix_nano.to_string(),
            lasts.unwrap_or_else(|| if exact { String::new() } else { "cut short".to_owned() }),
            count(run.flows),
            count(run.spans),
            count(run.findings),
            if exact { run.bytes.to_string() } else { HumanBytes(run.bytes).to_string() },
        ]
    });
    Table { heads, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use crate::committed::assert_schema;

    /// `GLYPH_BLESS=1 cargo test` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_type() {
        assert_schema("baseline-list", &schema_for!(super::Listed));
    }
}
