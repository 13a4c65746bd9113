//! What `glyphctl trace diff` prints, in each format.

mod ci;
mod markdown;
mod table;
pub(super) mod told;

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use glyph_analysis::trace::diff::Diff;

use crate::output::json;

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For CI services: JUnit's XML.
    Junit,
    /// For GitHub Actions: annotations.
    Github,
}

/// What the user called the sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) base: &'a Path,
    pub(crate) new: &'a Path,
}

/// Writes it; for people no more than `top` rows, as wide as the terminal.
pub(crate) fn write(
    diff: &Diff,
    format: DiffFormat,
    names: Names<'_>,
    top: usize,
    terminal: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DiffFormat::Table => table::write(diff, names, top, terminal, out),
        DiffFormat::Json => json::write(diff, out),
        DiffFormat::Markdown => markdown::write(diff, names, top, out),
        DiffFormat::Junit => ci::junit(diff, names, out),
        DiffFormat::Github => ci::github(diff, names, out),
    }
}
