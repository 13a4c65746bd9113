//! What a plugin asked for itself: what it got, what it had to wait for, and what it was denied.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use glyph_analysis::text::{duration, visible};
use glyph_formats::{
    AuditEntry, Decision, Span, SpanId, Value,
    recording::{AUDIT, TRACES},
};

use glyphd::telemetry::name;

use super::pivot::those;

/// The fetches of one plugin, in the order of their ends.
pub(super) struct Fetches {
    spans: Vec<Span>,
    /// Denials of the audit, by the span that each is about.
    denied: BTreeMap<SpanId, AuditEntry>,
}

impl Fetches {
    pub(super) fn of(recording: &Path, plugin: &str) -> anyhow::Result<Self> {
        let is_its = |span: &Span| {
            let id = span.attributes.get("glyph.plugin.id");
            span.name == name::HTTP_REQUEST && id.is_some_and(|id| *id == Value::from(plugin.to_owned()))
        };
        let denied = those(&recording.join(AUDIT), |entry: &AuditEntry| {
            entry.decision == Decision::Deny && entry.plugin.as_deref() == Some(plugin)
        })?;
        let denied = denied.into_iter().filter_map(|entry| Some((entry.span_id?, entry))).collect();
        Ok(Self { spans: those(&recording.join(TRACES), is_its)?, denied })
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for span in &self.spans {
            let text = |key: &str| span.attributes.get(key).map(ToString::to_string).unwrap_or_default();
            let (method, url) = (text("http.request.method"), text("url.full"));
            write!(out, "  {} {}  →  ", visible(&method), visible(&url))?;
            if let Some(entry) = self.denied.get(&span.span_id) {
                let reason = entry.reason.as_deref().unwrap_or_default();
                writeln!(out, "denied: {}", visible(reason))?;
                writeln!(
                    out,
                    "      on the audit under {}",
                    entry.trace_id.map(|id| id.to_string()).unwrap_or_default()
                )?;
                continue;
            }
            write!(out, "{}", visible(&text("http.response.status_code")))?;
            let waited: f64 = text("glyph.fetch.wait_ms").parse().unwrap_or(0.0);
            if waited >= 1.0 {
                write!(out, ", after a wait of {} for the host's limit", duration((waited * 1e6) as u64))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
