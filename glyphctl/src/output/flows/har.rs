//! A HAR document, an entry after the other, so that none of it has to be held.

use std::io::{self, Write};

use glyph_formats::{
    Flow,
    har::{Creator, Entry, VERSION},
};

use crate::output::json;

/// Writes what stands before the entries.
pub(super) fn start(out: &mut dyn Write) -> io::Result<()> {
    let creator = Creator { name: "glyphctl".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let creator = serde_json::to_string(&creator)?;
    writeln!(out, "{{\"log\":{{\"version\":\"{VERSION}\",\"creator\":{creator},\"entries\":[")
}

/// Writes an entry, on a line; false if the flow is a tunnel, of which HAR knows nothing.
pub(super) fn entry(flow: &Flow, is_first: bool, out: &mut dyn Write) -> io::Result<bool> {
    let Some(entry) = Entry::of(flow) else { return Ok(false) };
    out.write_all(if is_first { b" " } else { b"," })?;
    json::write_line(&entry, out)?;
    Ok(true)
}

/// Writes what stands behind them.
pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "]}}}}")
}
