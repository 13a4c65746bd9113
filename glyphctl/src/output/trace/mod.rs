//! A trace with what a recording holds beside it: as a waterfall for people, for programs, as a page for a browser; and
//! the report of all traces.

pub(crate) mod beside;
pub(crate) mod diff;
mod json;
mod share;
mod page;
pub(crate) mod report;
pub(crate) mod waterfall;

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::{
    pivot::Beside,
    trace::waterfall::{Options, Waterfall},
};
use glyph_formats::TraceId;

pub(crate) use page::write as write_page;

use self::beside::Lines;

/// How traces are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    /// For people, in a terminal.
    Table,
    /// For programs: everything, exact, documented, stable.
    Json,
    /// For browsers: one page that needs nothing else, without scripts.
    Html,
}

/// A trace to be shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) trace_id: TraceId,
    /// Its spans; none if they were not recorded.
    pub(crate) waterfall: Option<Waterfall>,
    /// What the recording holds beside it; none if what was named is no recording.
    pub(crate) beside: Option<Beside>,
}

/// How they are to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) format: TraceFormat,
    pub(crate) waterfall: Options,
    /// What was named, as one word of a shell's command.
    pub(crate) recording: &'a str,
    /// Whether the waterfalls are.
    pub(crate) in_colour: bool,
}

/// Writes them.
pub(crate) fn write(traces: &[Shown], view: View<'_>, out: &mut dyn Write) -> io::Result<()> {
    match view.format {
        TraceFormat::Json => json::write(traces, out),
        TraceFormat::Html => page::write(traces, out),
        TraceFormat::Table => {
            for (i, trace) in traces.iter().enumerate() {
                if i > 0 {
                    writeln!(out)?;
                }
                text(trace, view, out)?;
            }
            Ok(())
        }
    }
}

fn text(trace: &Shown, view: View<'_>, out: &mut dyn Write) -> io::Result<()> {
    match &trace.waterfall {
        Some(waterfall) => waterfall::write(waterfall, view.waterfall, view.in_colour, out)?,
        None => writeln!(out, "trace {}  its spans were not recorded", trace.trace_id)?,
    }
    let Some(beside) = &trace.beside else { return Ok(()) };
    let lines = Lines::of(beside, view.recording, trace.trace_id);
    for part in [lines.flows, lines.findings, lines.audit].into_iter().filter(|part| !part.is_empty()) {
        writeln!(out)?;
        part.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use schemars::schema_for;

    /// `GLYPH_BLESS=1 cargo test -p glyphctl` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_type() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/trace-show.json");
        let text = serde_json::to_string_pretty(&schema_for!(super::json::Document<'_>)).unwrap() + "\n";
        if std::env::var_os("GLYPH_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
    }
}
