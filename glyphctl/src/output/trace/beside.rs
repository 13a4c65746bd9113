//! Flows, findings and audit entries, a line each.

use glyph_analysis::{
    pivot::{Beside, explain::Exchange},
    text::{duration, grouped, visible},
};
use glyph_formats::{AuditEntry, Finding, TraceId, audit::Decision};

/// No more lines of a kind than these.
const MOST: usize = 20;

/// What stands beside a trace, in lines without line ends.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) flows: Vec<String>,
    pub(crate) findings: Vec<String>,
    pub(crate) audit: Vec<String>,
}

impl Lines {
    /// Those of a trace. `recording` is one word of a shell's command.
    pub(crate) fn of(beside: &Beside, recording: &str, trace: TraceId) -> Self {
        let exchanges: Vec<_> = beside.flows.iter().map(Exchange::of).collect();
        let flow = |one: &Exchange| {
            format!("{}\n    glyphctl flows show {recording} {}", exchange(one), one.sequence)
        };
        let all = format!("glyphctl flows ls {recording} --trace {trace}");
        let whole = format!("glyphctl trace show {recording} {trace} --format json");
        Self {
            flows: some(&exchanges, flow, &all),
            findings: some(&beside.findings, finding, &whole),
            audit: some(&beside.audit, audited, &whole),
        }
    }
}

/// The lines of so many records, and how to see the rest.
fn some<T>(records: &[T], line: impl Fn(&T) -> String, command: &str) -> Vec<String> {
    let mut lines: Vec<_> = records.iter().take(MOST).map(line).collect();
    if records.len() > MOST {
        lines.push(format!("… {} more: {command}", grouped((records.len() - MOST) as u64)));
    }
    lines
}

/// What was asked and answered: `GET http://a.test/ → 503`.
pub(super) fn title(one: &Exchange) -> String {
    let status = one.status.map_or("no answer".to_owned(), |status| status.to_string());
    format!("{} {} → {status}", visible(&one.method), visible(&one.url))
}

/// An exchange: `flow 42  GET http://a.test/ → 503 in 12ms`.
pub(crate) fn exchange(one: &Exchange) -> String {
    let mut line = format!("flow {}  {} in {}", one.sequence, title(one), duration(one.duration_ns));
    if let Some(error) = &one.error {
        line.push_str(&format!("  ✗ {}", visible(error)));
    }
    line
}

/// A finding: `finding  high  PLUGIN's kind: the claim`.
pub(crate) fn finding(finding: &Finding) -> String {
    format!(
        "finding  {:<4}  {}: {}",
        finding.severity.as_str(),
        visible(&finding.kind),
        visible(&finding.message)
    )
}

/// A decision: `audit  deny  http_requested by PLUGIN: what about: why`.
pub(crate) fn audited(entry: &AuditEntry) -> String {
    let mut line = format!("audit  {:<5}  {}", decision(entry), visible(&entry.event));
    if let Some(plugin) = &entry.plugin {
        line.push_str(&format!(" by {}", visible(plugin)));
    }
    let about = about(entry);
    if !about.is_empty() {
        line.push_str(&format!(": {about}"));
    }
    line
}

/// The word for it.
pub(super) fn decision(entry: &AuditEntry) -> &'static str {
    match entry.decision {
        Decision::Allow => "allow",
        Decision::Deny => "deny",
        Decision::Info => "info",
    }
}

/// What was decided about, why, and how often.
pub(super) fn about(entry: &AuditEntry) -> String {
    let about = ["type", "url"].iter().find_map(|name| entry.metadata.get(name));
    let times = (entry.times() > 1).then(|| format!("{} times", grouped(entry.times())));
    let words = [about.map(ToString::to_string), entry.reason.clone(), times];
    visible(&words.into_iter().flatten().collect::<Vec<_>>().join(": ")).into_owned()
}
