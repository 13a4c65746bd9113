//! What a plugin found: checked, freed of secrets, put on record, stored.

use std::borrow::Cow;

use glyph_formats::{Attributes, Decision, Finding, UnixNanos, Value};
use glyph_plugin::{Capability, wire};
use ulid::Ulid;

use super::{COMPONENT, End, Served, convert, known_flows::KnownFlow};
use crate::{
    audit::{Entry, Event},
    telemetry::{Span, TraceContext},
};

/// The longest that a finding's texts may be, in bytes: type, and each of the others.
const TYPE_LIMIT: usize = 200;
const TEXT_LIMIT: usize = 16 << 10;
/// How the types of the daemon's own findings begin.
const OWN_TYPES: &str = "glyph.";
/// How many entries its metadata may have.
const METADATA_LIMIT: usize = 64;

/// Why a finding is not kept.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// It may not be.
    #[error("{0}")]
    Denied(Cow<'static, str>),
    /// There were too many.
    #[error("more findings a second than the plugin may report")]
    TooMany,
    /// It could not be written.
    #[error("{0}")]
    Lost(String),
}

impl Fault {
    /// As the label `reason` of a plugin's errors has it.
    fn label(&self) -> &'static str {
        match self {
            Self::Denied(_) => "finding_denied",
            Self::TooMany => "finding_rate_limited",
            Self::Lost(_) => "finding_lost",
        }
    }
}

impl Served {
    /// Deals with a finding; tells if it ends the session.
    pub(super) fn found(&mut self, finding: wire::Finding, mut span: Span) -> Option<End> {
        let (flow_id, kind) = (finding.flow_id.clone(), finding.r#type.clone());
        let kept = match self.admit(finding, span.context()) {
            Ok(finding) => self.keep(finding, &span),
            Err(fault) => Err(fault),
        };
        let Err(fault) = kept else {
            self.stored += 1;
            return None;
        };
        let context = span.context();
        let reason = fault.to_string();
        self.bus.telemetry.finding_refused(self.plugin(), fault.label(), &reason);
        self.tell_refused(flow_id, kind, &reason, context);
        if let Fault::Denied(_) = fault {
            return self.deny(Event::FindingReported, &reason, span);
        }
        self.put_on_record(Event::FindingReported, &reason, context);
        span.fail("refused", reason);
        None
    }

    /// The finding as a record, if the plugin may report it and it is well-formed.
    fn admit(&mut self, finding: wire::Finding, received: TraceContext) -> Result<Finding, Fault> {
        if !self.open.grant.capabilities.contains(&Capability::CapEmitFindings) {
            return Err(Fault::Denied("the plugin lacks CAP_EMIT_FINDINGS".into()));
        }
        if !self.findings.take(std::time::Instant::now()) {
            return Err(Fault::TooMany);
        }
        let unknown = "the finding is about a flow the plugin was not shown";
        let flow = self.known.get(&finding.flow_id).ok_or(Fault::Denied(unknown.into()))?;
        check(&finding).map_err(Fault::Denied)?;
        let severity = convert::severity(finding.severity());
        let severity = severity.ok_or(Fault::Denied("the finding has no severity".into()))?;
        let clean = |text: &str| self.clean(&flow, text);
        let mut metadata: Vec<(Cow<'static, str>, Value)> = finding
            .metadata
            .iter()
            .map(|(key, value)| (Cow::Owned(clean(key)), Value::from(clean(value))))
            .collect();
        metadata.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Finding {
            id: Ulid::new().to_string(),
            time_unix_nano: UnixNanos::now(),
            plugin: self.open.grant.plugin.clone(),
            kind: flow.secrets.replace_in(&finding.r#type).into_owned(),
            severity,
            message: clean(&finding.message),
            target: match finding.target.as_str() {
                "" => flow.url.clone(),
                target => self.bus.sanitizer.url(&flow.secrets.replace_in(target)),
            },
            evidence: Some(clean(&finding.evidence)).filter(|e| !e.is_empty()),
            metadata: Attributes(metadata),
            trace_id: flow.context.trace_id,
            flow_id: Some(finding.flow_id),
            span_id: Some(received.span_id),
        })
    }

    /// A plugin's text without the secrets of the flow, whoever found them, and without what looks like one.
    fn clean(&self, flow: &KnownFlow, text: &str) -> String {
        self.bus.sanitizer.text(&flow.secrets.replace_in(text))
    }

    /// Puts the finding on record, then into the store.
    fn keep(&self, finding: Finding, received: &Span) -> Result<(), Fault> {
        let context = received.context();
        let mut metadata = Attributes::default();
        metadata.push("finding_id", finding.id.clone());
        metadata.push("type", finding.kind.clone());
        metadata.push("severity", finding.severity.as_str());
        metadata.push("flow_id", finding.flow_id.clone().unwrap_or_default());
        let entry = Entry {
            component: COMPONENT,
            plugin: &finding.plugin,
            event: Event::FindingReported,
            decision: Decision::Allow,
            reason: Some("CAP_EMIT_FINDINGS is granted".to_owned()),
            metadata,
            context: Some(context),
        };
        self.bus.audit.record(entry).map_err(|e| Fault::Lost(e.to_string()))?;
        let kind = finding.kind.clone();
        self.bus.findings.store(finding).map_err(|e| Fault::Lost(e.to_string()))?;
        self.bus.telemetry.finding_stored(context, self.plugin(), &kind, received.elapsed());
        Ok(())
    }
}

/// Whether a finding is well-formed.
fn check(finding: &wire::Finding) -> Result<(), Cow<'static, str>> {
    let kind = &finding.r#type;
    if kind.is_empty() || kind.len() > TYPE_LIMIT || !kind.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("the finding's type has not 1 to {TYPE_LIMIT} bytes of visible ASCII").into());
    }
    if kind.starts_with(OWN_TYPES) {
        return Err(format!("types that begin with {OWN_TYPES} are the daemon's own").into());
    }
    if finding.metadata.len() > METADATA_LIMIT {
        return Err(format!("the finding has more than {METADATA_LIMIT} entries of metadata").into());
    }
    let texts = [&finding.message, &finding.target, &finding.evidence];
    let metadata = finding.metadata.iter().flat_map(|(key, value)| [key, value]);
    if texts.into_iter().chain(metadata).any(|text| text.len() > TEXT_LIMIT) {
        return Err(format!("a text of the finding has more than {TEXT_LIMIT} bytes").into());
    }
    Ok(())
}
