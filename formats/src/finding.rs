//! One finding a line: `findings.jsonl`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attributes, SpanId, TraceId, UnixNanos};

/// A plugin's claim about a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A ULID, given by the daemon.
    pub id: String,
    /// When the daemon received it.
    pub time_unix_nano: UnixNanos,
    /// Which plugin says so.
    pub plugin: String,
    /// What kind of finding it is, for example `passive-headers.missing.content-security-policy`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// The claim in words.
    pub message: String,
    /// What it is about, most often a URL.
    pub target: String,
    /// What the claim rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// What else the plugin said.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub metadata: Attributes,
    /// The flow it is about.
    pub flow_id: String,
    /// That flow's trace.
    pub trace_id: TraceId,
    /// The span in which the daemon received the finding, `plugin_bus.receive_event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
}

/// How bad a finding is. The order is that of severity, not of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A weakness of little consequence.
    Low,
    /// A weakness that helps an attack.
    Med,
    /// An attack is likely to succeed.
    High,
    /// Act now.
    Crit,
}

impl Severity {
    /// The word in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Med => "med",
            Self::High => "high",
            Self::Crit => "crit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_sort_by_severity() {
        let mut all = [Severity::High, Severity::Crit, Severity::Info, Severity::Med, Severity::Low];
        all.sort();
        assert_eq!(all.map(Severity::as_str), ["info", "low", "med", "high", "crit"]);
    }
}
