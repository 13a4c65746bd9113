//! One decision a line: `audit.jsonl`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attributes, SpanId, TraceId, UnixNanos, Value};

/// Who was allowed what, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// When it was decided.
    pub time_unix_nano: UnixNanos,
    /// Which part of the daemon decided, for example `plugin_bus`.
    pub component: String,
    /// The plugin concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// What was decided about, from a closed set, for example `capabilities_granted`.
    pub event: String,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub metadata: Attributes,
    /// The trace in which it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span in which it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// Whether that span was recorded.
    pub sampled: bool,
}

/// The name under which the metadata of an entry says that it counts several decisions.
pub const REPEATED: &str = "repeated";

impl AuditEntry {
    /// How often it was decided so: denials that repeated themselves are one entry.
    pub fn times(&self) -> u64 {
        match self.metadata.get(REPEATED) {
            Some(Value::Int(times)) => u64::try_from(*times).unwrap_or(0),
            _ => 1,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing: it is only told.
    Info,
    /// It may be.
    Allow,
    /// It may not be.
    Deny,
}
