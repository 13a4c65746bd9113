//! Everything that is printed: data to standard output, the rest to standard error.
//!
//! In: results as the libraries give them. Out: text. What traffic wrote is escaped here, in every format, for what
//! that format gives a meaning.

pub(crate) mod alerts;
pub(crate) mod artifact;
pub(crate) mod baseline;
pub(crate) mod ca;
pub(crate) mod cases;
pub(crate) mod check;
pub(crate) mod failure;
pub(crate) mod flows;
mod github;
pub(crate) mod graph;
mod json;
pub(crate) mod junit;
pub(crate) mod lint;
pub(crate) mod manner;
pub(crate) mod metrics;
pub(crate) mod plugin;
pub(crate) mod pointers;
pub(crate) mod progress;
pub(crate) mod replay;
pub(crate) mod rule_tests;
pub(crate) mod summary;
mod table;
pub(crate) mod trace;

use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::Context;
use clap::ValueEnum;
use console::Style;
use glyph_analysis::text::visible;
pub(crate) use manner::in_colour;

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: durations in three digits.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For spreadsheets: exact.
    Csv,
}

/// Lets `write` print to standard output.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context("standard output: can't be written")
}

/// The same for what is printed as it is read: what was printed until an error stays.
pub(crate) fn streamed<T>(write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = write(&mut out);
    let flushed = out.flush().context("standard output: can't be written");
    let value = written?;
    flushed.map(|()| value)
}

/// Says something that the user should know, beside the data.
pub(crate) fn note(what: impl Display) {
    if !manner::is_quiet() {
        fault(what);
    }
}

/// Says that something is odd.
pub(crate) fn warn(what: impl Display) {
    fault(format_args!("warning: {what}"));
}

/// Says why the command does not end well, in whatever manner.
pub(crate) fn fault(what: impl Display) {
    eprintln!("glyphctl: {}", visible(&what.to_string()));
}

/// Says what only those want to know who asked for it.
pub(crate) fn detail(what: impl Display) {
    if manner::is_verbose() {
        fault(what);
    }
}

/// Says so which files are read.
pub(crate) fn reading<P: AsRef<Path>>(files: &[P]) {
    for file in files {
        detail(format_args!("reading {}", file.as_ref().display()));
    }
}

/// Shows lines from somewhere, set in.
pub(crate) fn quoted(lines: &str) {
    for line in lines.lines() {
        eprintln!("    {}", visible(line));
    }
}

/// Says what to do about what was just told.
pub(crate) fn hint_at(hint: &str) {
    eprintln!("hint: {}", visible(hint));
}

/// How many columns there are to print in.
pub(crate) fn width() -> usize {
    terminal_width().unwrap_or(100)
}

/// How many columns the terminal has that is printed to, if it is one.
pub(crate) fn terminal_width() -> Option<usize> {
    let terminal = console::Term::stdout();
    let columns = if terminal.is_term() { terminal.size_checked() } else { None };
    columns.map(|(_, columns)| columns.into())
}

/// Text from anywhere, in a style where there are colours.
pub(crate) fn painted(style: &Style, text: &str) -> String {
    let text = visible(text);
    match in_colour() {
        true => style.clone().force_styling(true).apply_to(text).to_string(),
        false => text.into_owned(),
    }
}
