//! What `glyphctl replay run --dry-run` prints: what would be sent.

use std::io::{self, Write};

use glyph_analysis::{
    replay::{NotSent, SecretsSent},
    text::{counted, duration, grouped, visible},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{super::json, ReportFormat};

/// What would be sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "replay dry run")]
pub(crate) struct DryRun {
    /// Where.
    pub(crate) target: String,
    /// How many requests, all loops together.
    pub(crate) requests: u64,
    /// How many times each.
    pub(crate) loops: u64,
    /// How many at a time.
    pub(crate) concurrency: u64,
    /// Bytes of their bodies, of one loop.
    pub(crate) body_bytes: u64,
    /// When, in words.
    pub(crate) pace: String,
    /// How long that takes; none if as long as the answers take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ns: Option<u64>,
    /// The hosts that they were recorded at.
    pub(crate) hosts: Vec<Host>,
    /// Recorded exchanges that can't be sent, by reason.
    pub(crate) not_sent: Vec<NotSent>,
    /// What becomes of secrets.
    pub(crate) secrets: SecretsSent,
}

/// Requests of a host.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Host {
    /// Its name.
    pub(crate) host: String,
    /// How many.
    pub(crate) requests: u64,
}

/// Writes it: as JSON, or for people.
pub(crate) fn write(dry: &DryRun, format: ReportFormat, out: &mut dyn Write) -> io::Result<()> {
    if format == ReportFormat::Json {
        return json::write(dry, out);
    }
    writeln!(out, "to         {}", visible(&dry.target))?;
    let loops = if dry.loops > 1 { format!(", {} times each", grouped(dry.loops)) } else { String::new() };
    writeln!(out, "requests   {}{loops}, {} at a time", grouped(dry.requests), dry.concurrency)?;
    writeln!(out, "bodies     {}", counted(dry.body_bytes, "byte"))?;
    let takes = dry.duration_ns.map(|ns| format!(", in {}", duration(ns))).unwrap_or_default();
    writeln!(out, "pace       {}{takes}", dry.pace)?;
    for (i, Host { host, requests }) in dry.hosts.iter().enumerate() {
        let label = if i == 0 { "recorded" } else { "" };
        writeln!(out, "{label:<10} at {}: {}", visible(host), grouped(*requests))?;
    }
    let SecretsSent { put_back, held_back, unknown } = dry.secrets;
    if put_back + held_back + unknown > 0 {
        let (put_back, held_back, unknown) = (grouped(put_back), grouped(held_back), grouped(unknown));
        writeln!(out, "secrets    put back in {put_back}, held back in {held_back}, not known in {unknown}")?;
    }
    for NotSent { reason, count, .. } in &dry.not_sent {
        writeln!(out, "not sent   {}: {reason}", grouped(*count))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use crate::committed::assert_schema;

    /// `GLYPH_BLESS=1 cargo test -p glyphctl` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_type() {
        assert_schema("replay-dry-run", &schema_for!(super::DryRun));
    }
}
