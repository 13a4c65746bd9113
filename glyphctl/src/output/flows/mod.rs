//! What `glyphctl flows` prints: lists, single exchanges, matches, figures; and flows for other tools.

pub(super) mod body;
mod curl;
mod har;
pub(crate) mod list;
pub(crate) mod matches;
mod shell;
pub(crate) mod shown;
pub(crate) mod stats;
pub(super) mod steps;

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_formats::{Flow, content, secrets::Secrets};

use super::json;

/// How flows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowsFormat {
    /// For people.
    Table,
    /// For programs: one JSON object a line, documented and stable.
    Json,
    /// For a shell: a command that sends the request again.
    Curl,
    /// For browsers and other tools: one HAR 1.2 document.
    Har,
}

/// Flows, whole, in one of the formats for programs.
#[derive(Debug)]
pub(crate) struct Writer {
    format: FlowsFormat,
    raw: bool,
    secrets: Option<Secrets>,
    written: u64,
    tunnels: u64,
}

impl Writer {
    /// One of that format; `raw` leaves bodies as they are stored; with `secrets`, redactions are undone.
    pub(crate) fn new(format: FlowsFormat, raw: bool, secrets: Option<Secrets>) -> Self {
        Self { format, raw, secrets, written: 0, tunnels: 0 }
    }

    /// Puts back what was replaced, as far as that is known.
    pub(crate) fn put_back(&self, flow: &mut Flow) {
        if let Some(secrets) = &self.secrets {
            secrets.put_back(flow);
        }
    }

    /// Writes what stands before the flows.
    pub(crate) fn start(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.format == FlowsFormat::Har { har::start(out) } else { Ok(()) }
    }

    /// Writes a line of a file as it is, if the flow in it would come to the same; tells whether it did.
    pub(crate) fn line(&mut self, line: &str, out: &mut dyn Write) -> io::Result<bool> {
        // A blank between tokens could steer a terminal, and can't be escaped.
        let is_same = self.format == FlowsFormat::Json
            && self.secrets.is_none()
            && !line.bytes().any(|b| b < b' ')
            && (self.raw || memchr::memmem::find(line.as_bytes(), b"\"base64\"").is_none());
        if is_same {
            json::write_raw(line, out)?;
            self.written += 1;
        }
        Ok(is_same)
    }

    /// Writes a flow.
    pub(crate) fn flow(&mut self, mut flow: Flow, out: &mut dyn Write) -> io::Result<()> {
        self.put_back(&mut flow);
        match self.format {
            FlowsFormat::Json => {
                if !self.raw {
                    content::modernize(&mut flow);
                }
                json::write_line(&flow, out)?;
            }
            FlowsFormat::Har => match har::entry(&flow, self.written == 0, out)? {
                true => {}
                false => {
                    self.tunnels += 1;
                    return Ok(());
                }
            },
            FlowsFormat::Curl | FlowsFormat::Table => {
                if self.written > 0 {
                    writeln!(out)?;
                }
                curl::write(&flow, out)?;
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Writes what stands behind them.
    pub(crate) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.format == FlowsFormat::Har { har::end(out) } else { Ok(()) }
    }

    /// How many tunnels there was no way to write.
    pub(crate) fn tunnels_left_out(&self) -> u64 {
        self.tunnels
    }
}

/// So many bytes in three digits: `640`, `1.25k`, `31.0M`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G"), (1_000_000_000_000, "T")];
    let Some((unit, name)) = UNITS.iter().rev().find(|(unit, _)| bytes >= *unit) else {
        return bytes.to_string();
    };
    let hundredths = u128::from(bytes) * 100 / u128::from(*unit);
    match hundredths {
        0..1_000 => format!("{}.{:02}{name}", hundredths / 100, hundredths % 100),
        1_000..10_000 => format!("{}.{}{name}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{}{name}", hundredths / 100),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use schemars::schema_for;

    /// `GLYPH_BLESS=1 cargo test -p glyphctl` writes them anew.
    #[test]
    fn the_schemas_in_docs_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
        let schemas = [
            ("flows-grep", schema_for!(super::matches::Match<'_>)),
            ("flows-stats", schema_for!(super::stats::Stats)),
        ];
        for (name, schema) in schemas {
            let path = folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("GLYPH_BLESS").is_some() {
                fs::write(&path, &text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, text) in
            [(0, "0"), (999, "999"), (1_259, "1.25k"), (31_000_000, "31.0M"), (999_999, "999k")]
        {
            assert_eq!(super::bytes(bytes), text);
        }
    }
}
