//! What a plugin found in a recording, in each format; and what is different from the run before.

use std::io::{self, Write};

use glyph_analysis::text::visible;
use glyph_formats::Finding;
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{
    Format, json,
    table::{Head, Table},
};

/// What `plugin run --format json` prints: what came of showing flows to a plugin.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// The plugin's name.
    pub(crate) plugin: String,
    /// Its own version.
    pub(crate) version: String,
    /// How many flows it was shown.
    pub(crate) flows: u64,
    /// The worst first, then in the order in which they came.
    pub(crate) findings: Vec<Finding>,
    /// Subscriptions that it wanted, and for which it has no capability.
    pub(crate) denied_subscriptions: Vec<String>,
    /// What it sent and was refused.
    pub(crate) refused: Vec<Refused>,
}

/// Why something was refused, and how often.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Refused {
    /// In words.
    pub(crate) reason: String,
    /// How often.
    pub(crate) times: u64,
}

/// Writes what was found.
pub(crate) fn write(found: &Found, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(found, out),
        Format::Table if found.findings.is_empty() => Ok(()),
        Format::Table => table(&found.findings).write_text(out),
        Format::Markdown => table(&found.findings).write_markdown(out),
        Format::Csv => table(&found.findings).write_csv(out),
    }
}

/// Writes findings that came or went, a line each.
pub(crate) fn write_changed(mark: char, findings: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        let cells = cells(finding);
        let line = cells.iter().map(|cell| visible(cell)).collect::<Vec<_>>().join("  ");
        writeln!(out, "{mark} {line}")?;
    }
    Ok(())
}

fn table(findings: &[Finding]) -> Table {
    let heads = ["severity", "type", "target", "message", "flow"];
    let heads = heads.map(|title| Head { title: title.to_owned(), is_number: false }).to_vec();
    Table { heads, rows: findings.iter().map(|finding| cells(finding).to_vec()).collect() }
}

pub(super) fn cells(finding: &Finding) -> [String; 5] {
    let Finding { severity, kind, target, message, flow_id, .. } = finding;
    let flow = flow_id.clone().unwrap_or_default();
    [severity.as_str().to_owned(), kind.clone(), target.clone(), message.clone(), flow]
}
