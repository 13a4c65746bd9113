//! What the author of a plugin writes, and what they write with.

use crate::{
    fetch::{Fetch, FetchError, Fetched, Out},
    wire::{Capability, Finding, FlowEvent, Refused, Severity, Subscription},
};

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

    /// One side of an exchange. When this returns the event counts as done. It may take its time: it is called on a
    /// thread of its own, and the daemon keeps up to 64 events coming while others wait in the plugin's queue.
    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>);

    /// Something that the plugin sent was refused; by default a line on standard error, which the daemon logs.
    fn on_refused(&mut self, refused: &Refused) {
        eprintln!("refused: {} {}: {}", refused.r#type, refused.flow_id, refused.reason);
    }
}

/// Collects what a plugin finds in one flow event.
#[derive(Debug)]
pub struct Report<'a> {
    event: &'a FlowEvent,
    traceparent: &'a str,
    findings: Vec<(Finding, Option<String>)>,
    out: Option<Out<'a>>,
}

impl<'a> Report<'a> {
    /// An empty report about that event, which came in that trace context (`traceparent`; empty for none).
    pub fn new(event: &'a FlowEvent, traceparent: &'a str) -> Self {
        Self { event, traceparent, findings: Vec::new(), out: None }
    }

    /// The same, with somebody who fetches: in tests of a plugin, for example, a function that knows the answers.
    #[must_use]
    pub fn fetching(mut self, fetch: &'a dyn Fn(Fetch) -> Result<Fetched, FetchError>) -> Self {
        self.out = Some(Out(fetch));
        self
    }

    /// Whether anything can be fetched: the plugin was granted `CAP_HTTP_PASSIVE` or `CAP_HTTP_ACTIVE`.
    pub fn can_fetch(&self) -> bool {
        self.out.is_some()
    }

    /// Sends a request for the flow at hand, through the daemon's netgate, and waits for the whole response.
    ///
    /// # Errors
    /// If the daemon denies it, with the reason; if there is no response, or not all of it.
    pub fn fetch(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let Out(out) = self.out.ok_or(FetchError::NotGranted)?;
        let mut fetch = fetch;
        fetch.head.flow_id.clone_from(&self.event.flow_id);
        if fetch.traceparent.is_empty() {
            self.traceparent.clone_into(&mut fetch.traceparent);
        }
        out(fetch)
    }

    /// W3C Trace Context of the delivery: the parent for spans of the plugin's own, which then stand in the flow's
    /// trace.
    pub fn traceparent(&self) -> &str {
        self.traceparent
    }

    /// Reports a finding. Flow and target are filled in where they are empty.
    pub fn finding(&mut self, finding: Finding) {
        self.add(finding, None);
    }

    /// Reports what was found in a span of the plugin's own, below [`Report::traceparent`].
    pub fn finding_in(&mut self, finding: Finding, traceparent: impl Into<String>) {
        self.add(finding, Some(traceparent.into()));
    }

    fn add(&mut self, mut finding: Finding, traceparent: Option<String>) {
        if finding.flow_id.is_empty() {
            finding.flow_id.clone_from(&self.event.flow_id);
        }
        if finding.target.is_empty()
            && let Some(request) = &self.event.request
        {
            finding.target.clone_from(&request.url);
        }
        self.findings.push((finding, traceparent));
    }

    /// What was reported, in order.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings.into_iter().map(|(finding, _)| finding).collect()
    }

    /// The same, each with the context in which it was found.
    pub(crate) fn into_found(self) -> impl Iterator<Item = (Finding, String)> {
        let here = self.traceparent;
        self.findings.into_iter().map(move |(finding, own)| (finding, own.unwrap_or_else(|| here.to_owned())))
    }
}

impl Subscription {
    /// The capabilities without which it is not served.
    pub fn needs(self) -> &'static [Capability] {
        match self {
            Self::FlowRequestRaw | Self::FlowResponseRaw => {
                &[Capability::CapFlowInspectRaw, Capability::CapFlowInspect]
            }
            _ => &[Capability::CapFlowInspect],
        }
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

    /// With something else that is known of it.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}
