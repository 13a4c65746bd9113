//! What is in an artifact, in each format.

use std::io::{self, Write};

use glyph_analysis::text::{counted, grouped};
use glyph_formats::artifact::{Contents, Member};
use indicatif::HumanBytes;

use super::{
    Format, json,
    table::{Head, Table},
};

/// How much of a digest a person needs to tell two apart.
const SHORT: usize = 16;

/// Writes it.
pub(crate) fn write(contents: &Contents, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(contents, out),
        Format::Csv => table(contents, true).write_csv(out),
        Format::Markdown => {
            writeln!(out, "{}\n", caption(contents))?;
            table(contents, false).write_markdown(out)
        }
        Format::Table => {
            writeln!(out, "{}\n", caption(contents))?;
            table(contents, false).write_text(out)
        }
    }
}

fn caption(contents: &Contents) -> String {
    let manifest = &contents.manifest;
    let files = counted(manifest.files.len() as u64, "file");
    format!("{files}, {}, digest {}", HumanBytes(manifest.total_bytes()), contents.digest)
}

fn table(contents: &Contents, exact: bool) -> Table {
    let heads = [("path", false), ("size", true), ("sha256", false)];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    let row = |file: &Member| {
        let (size, sha256) = match exact {
            true => (file.size.to_string(), file.sha256.clone()),
            false => (grouped(file.size), file.sha256.chars().take(SHORT).chain(['…']).collect()),
        };
        vec![file.path.clone(), size, sha256]
    };
    Table { heads, rows: contents.manifest.files.iter().map(row).collect() }
}
