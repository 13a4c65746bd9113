//! What `glyphctl replay run` and `replay diff` print: what differs, and how long it took.

pub(crate) mod dry_run;

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::replay::{Report, Verdict};

use super::json;

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
        ReportFormat::Json => json::write(&summary, out),
        ReportFormat::Table | ReportFormat::Markdown | ReportFormat::Junit => {
            writeln!(out, "{}", told(summary.verdict))
        }
    }
}

fn told(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "no difference",
        Verdict::Different => "different",
        Verdict::Nothing => "nothing to compare",
    }
}
