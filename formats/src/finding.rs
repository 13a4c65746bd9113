//! One finding a line: `findings.jsonl`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attributes, SpanId, TraceId, UnixNanos};

/// A claim: a plugin's about a flow, or the daemon's own about a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A ULID, given by the daemon.
    pub id: String,
    /// When the daemon received it.
    pub time_unix_nano: UnixNanos,
    /// Which plugin says so; of the daemon's own findings, which plugin they are about.
    pub plugin: String,
    /// What kind of finding it is, for example `passive-headers.missing.content-security-policy`. The daemon's own begin
    /// with `glyph.`, and no plugin's do.
    #[serde(rename = "type")]
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// The claim in words.
    pub message: String,
    /// What it is about, most often a URL; of the daemon's own, the plugin.
    pub target: String,
    /// What the claim rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub metadata: Attributes,
    /// The flow it is about; none if it is about no flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// That flow's trace, or the one in which it happened.
    pub trace_id: TraceId,
    /// The span in which the daemon received the finding, `plugin_bus.receive_event`, or made it.
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
    fn a_finding_is_about_a_flow_or_about_none() {
        let line = r#"{"id":"1","time_unix_nano":1,"plugin":"a","type":"a.b","severity":"low","message":"x",
            "target":"http://a.test/","flow_id":"f","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#;
        let about_a_flow: Finding = serde_json::from_str(line).unwrap();
        assert_eq!(about_a_flow.flow_id.as_deref(), Some("f"));
        let without = Finding { flow_id: None, ..about_a_flow };
        let text = serde_json::to_string(&without).unwrap();
        assert!(!text.contains("flow_id"), "{text}");
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), without);
    }

    #[test]
    fn severities_sort_by_severity() {
        let mut all = [Severity::High, Severity::Crit, Severity::Info, Severity::Med, Severity::Low];
        all.sort();
        assert_eq!(all.map(Severity::as_str), ["info", "low", "med", "high", "crit"]);
    }
}
