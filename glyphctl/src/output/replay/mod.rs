//! What `glyphctl replay run` and `replay diff` print: what differs, and how long it took.

mod told;
mod latency;
mod table;
mod markdown;
mod junit;
pub(crate) mod dry_run;

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::replay::{Report, Verdict};

use super::json;

/// For people, of exchanges that stand alone no more are listed.
const STRAYS: usize = 20;

/// How a report on a replay is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For CI services: JUnit's XML.
    Junit,
}

/// Writes it.
pub(crate) fn write(report: &Report, format: ReportFormat, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    match format {
        ReportFormat::Table => table::write(&summary, out),
        ReportFormat::Json => json::write(&summary, out),
        ReportFormat::Markdown => markdown::write(&summary, out),
        ReportFormat::Junit => junit::write(&summary, out),
    }
}

/// Why there is no verdict, if there is none.
pub(crate) fn why_nothing(report: &Report) -> Option<String> {
    let summary = report.summary();
    (summary.verdict == Verdict::Nothing).then(|| told::verdict(&summary))
}

#[cfg(test)]
mod tests;
