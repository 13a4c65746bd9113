//! What came of a run. In: what the daemon's stages left, findings and decisions. Out: what is printed, or the cause of
//! a failure in words.

use std::{cmp::Reverse, collections::BTreeMap};

use anyhow::anyhow;
use glyph_analysis::text::counted;
use glyph_formats::{AuditEntry, Decision, Finding, Value};
use glyphd::plugin::manifest::Manifest;

use super::heard::Heard;
use crate::output::{
    failure::HintExt,
    plugin::findings::{Found, Refused},
};

pub(in crate::commands) const CONNECT_HINT: &str = "glyphctl plugin check says whether its program is there; with GLYPH_LOG=info the daemon tells what it does";

/// What is about one plugin.
pub(in crate::commands) fn of(plugin: &str, audit: &[AuditEntry]) -> Vec<AuditEntry> {
    audit.iter().filter(|entry| entry.plugin.as_deref() == Some(plugin)).cloned().collect()
}

/// Whether the plugin ended, or was ended, before its time.
pub(in crate::commands) fn has_ended_early(audit: &[AuditEntry]) -> bool {
    let is_denied = |entry: &AuditEntry| entry.decision == Decision::Deny;
    audit.iter().any(|e| e.event == "plugin_terminated" || (e.event == "session_closed" && is_denied(e)))
}

/// To how many kinds of flow events the plugin's session subscribed.
pub(in crate::commands) fn subscriptions(audit: &[AuditEntry]) -> u64 {
    of_opening(audit, "subscriptions").map_or(0, |all| all.len() as u64)
}

/// A list of the plugin's first session, as the audit has it.
fn of_opening<'a>(audit: &'a [AuditEntry], name: &str) -> Option<&'a [Value]> {
    match audit.iter().find(|entry| is_opening(entry))?.metadata.get(name)? {
        Value::Array(all) => Some(all),
        _ => None,
    }
}

/// Whether the plugin had a session.
pub(in crate::commands) fn has_opened(audit: &[AuditEntry]) -> bool {
    audit.iter().any(is_opening)
}

fn is_opening(entry: &AuditEntry) -> bool {
    entry.event == "session_opened" && entry.decision == Decision::Allow
}

/// What a plugin found: the worst first, otherwise as it came.
pub(in crate::commands) fn found(
    manifest: &Manifest,
    flows: u64,
    findings: &[Finding],
    audit: &[AuditEntry],
) -> Found {
    let refused = refused(audit);
    let denied = of_opening(audit, "denied").unwrap_or_default();
    let denied_subscriptions = denied.iter().map(ToString::to_string).collect();
    let (plugin, version) = (manifest.name.clone(), manifest.version.clone());
    let mut findings: Vec<_> = findings.iter().filter(|finding| finding.plugin == plugin).cloned().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    Found { plugin, version, flows, findings, denied_subscriptions, refused }
}

/// What the plugin was refused. A denial that repeats itself is one entry, and one for how often it did.
fn refused(audit: &[AuditEntry]) -> Vec<Refused> {
    let mut reasons = BTreeMap::<&str, u64>::new();
    for entry in audit.iter().filter(|entry| entry.decision == Decision::Deny) {
        *reasons.entry(entry.reason.as_deref().unwrap_or("no reason given")).or_default() += entry.times();
    }
    reasons.into_iter().map(|(reason, times)| Refused { reason: reason.to_owned(), times }).collect()
}

/// Why a plugin did not come to the end.
pub(in crate::commands) fn failure(
    name: &str,
    audit: &[AuditEntry],
    unanswered: u64,
    heard: &Heard,
) -> anyhow::Error {
    let what = match has_opened(audit) {
        true => format!(
            "the plugin {name} ended before it had answered everything ({} open)",
            counted(unanswered, "event")
        ),
        false => format!("the plugin {name} did not connect"),
    };
    let cause = cause(audit);
    let error = match cause {
        Some(cause) => anyhow!("{what}: {cause}"),
        None => anyhow!(what),
    };
    with_last_line(error, heard).hint(match has_opened(audit) {
        true => "what it wrote to standard error stands above; a plugin runs until the daemon's Goodbye",
        false => CONNECT_HINT,
    })
}

/// What the daemon says of it: what was denied, or else how its process ended, or else its session.
fn cause(audit: &[AuditEntry]) -> Option<&str> {
    let of_session = |e: &&AuditEntry| {
        matches!(&*e.event, "plugin_started" | "capabilities_granted" | "session_opened" | "session_closed")
    };
    let denied = audit.iter().filter(of_session).rfind(|e| e.decision == Decision::Deny);
    let last = |event: &str| audit.iter().rfind(|e| e.event == event);
    let entry = denied.or_else(|| last("plugin_stopped")).or_else(|| last("session_closed"));
    entry?.reason.as_deref()
}

/// With the last thing that the plugin said.
pub(in crate::commands) fn with_last_line(error: anyhow::Error, heard: &Heard) -> anyhow::Error {
    match heard.last() {
        Some(line) => anyhow!("{error}: {line}"),
        None => error,
    }
}
