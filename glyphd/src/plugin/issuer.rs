//! Gives tokens out: to the supervisor for the processes it starts, and to the operator for plugins that glyphd does
//! not start. Each is on the audit record first.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use glyph_formats::{Attributes, Decision, Value};

use super::{Access, Allowance, Token, names};
use crate::{
    audit::{Audit, AuditError, Entry, Event},
    telemetry::TraceContext,
};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    #[error(
        "there is no plugin {0:?}: neither a manifest under --plugins-dir nor a [plugins.{0}] in --config"
    )]
    Unknown(String),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    pub(crate) access: Access,
    pub(crate) allowances: Arc<BTreeMap<String, Allowance>>,
    pub(crate) audit: Arc<Audit>,
}

impl Issuer {
    /// A token for that plugin. `to` says who gets it: `process`, `reconnect` or `operator`.
    pub(crate) fn issue(
        &self,
        component: &'static str,
        plugin: &str,
        to: &'static str,
        context: Option<TraceContext>,
    ) -> Result<Token, IssueError> {
        let allowance = self.allowances.get(plugin).ok_or_else(|| IssueError::Unknown(plugin.to_owned()))?;
        let granted = names(&allowance.capabilities).into_iter().map(Value::from).collect();
        let metadata = Attributes(vec![("to".into(), to.into()), ("granted".into(), Value::Array(granted))]);
        let (event, decision) = (Event::TokenIssued, Decision::Allow);
        self.audit.record(Entry { component, plugin, event, decision, reason: None, metadata, context })?;
        Ok(self.access.issue(component, plugin, Arc::clone(&allowance.capabilities), Instant::now()))
    }
}
