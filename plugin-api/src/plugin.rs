//! What the author of a plugin writes, and what they write with.

use crate::wire::{Capability, Finding, FlowEvent, Severity, Subscription};

/// A plugin: it is shown flows, one after the other, and reports what it finds.
pub trait Plugin: Send + 'static {
    /// The plugin's own version.
    fn version(&self) -> &str;

    /// Which flow events it wants.
    fn subscriptions(&self) -> &[Subscription];

    /// What it wants to be allowed. The operator grants it, or not.
    fn capabilities(&self) -> &[Capability] {
        &[Capability::CapEmitFindings, Capability::CapFlowInspect]
    }

    /// One side of an exchange. When this returns the event counts as done.
    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>);
}

/// Collects what a plugin finds in one flow event.
#[derive(Debug)]
pub struct Report<'a> {
    event: &'a FlowEvent,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    /// An empty report about that event.
    pub fn new(event: &'a FlowEvent) -> Self {
        Self { event, findings: Vec::new() }
    }

    /// Reports a finding. Flow and target are filled in where they are empty.
    pub fn finding(&mut self, mut finding: Finding) {
        if finding.flow_id.is_empty() {
            finding.flow_id.clone_from(&self.event.flow_id);
        }
        if finding.target.is_empty()
            && let Some(request) = &self.event.request
        {
            finding.target.clone_from(&request.url);
        }
        self.findings.push(finding);
    }

    /// What was reported, in order.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

impl Finding {
    /// A finding about the flow at hand.
    pub fn new(kind: impl Into<String>, severity: Severity, message: impl Into<String>) -> Self {
        Self { r#type: kind.into(), severity: severity.into(), message: message.into(), ..Self::default() }
    }

    /// With what the claim rests on.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = evidence.into();
        self
    }
}
