//! A comparison in words: those that are the same for everybody, and where to look.

use std::path::Path;

pub(in crate::output::trace) use glyph_analysis::trace::diff::told::{
    broken, calls, change, extents, interval, name, not_enough, range, undecided, value, verdict, word_of,
};
use glyph_analysis::trace::diff::{Broken, DiffRow, Verdict};

use crate::output::pointers::word;

/// The command that shows a trace; none if there is no trace to show.
pub(super) fn command(row: &DiffRow, broken: &Broken, names: super::Names<'_>) -> Option<String> {
    let side: &Path = if row.verdict == Verdict::Gone { names.base } else { names.new };
    let trace = broken.traces.first()?;
    Some(format!("glyphctl trace show {} {trace}", word(&side.display().to_string())))
}

/// The traces to look at.
pub(super) fn traces(broken: &Broken) -> String {
    let ids: Vec<String> = broken.traces.iter().map(ToString::to_string).collect();
    ids.join(" ")
}
