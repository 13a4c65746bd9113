//! One trace id, and what the recording has under it: the exchange, what plugins found in it, who was allowed what.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use anyhow::Context;
use glyph_analysis::text::{duration, visible};
use glyph_formats::{
    AuditEntry, Finding, Flow, TraceId, jsonl,
    recording::{AUDIT, FINDINGS, FLOWS},
};
use serde::de::DeserializeOwned;

/// All that belongs to a trace.
pub(super) struct Pivot {
    flow: Flow,
    findings: Vec<Finding>,
    audit: Vec<AuditEntry>,
}

impl Pivot {
    pub(super) fn of(recording: &Path, trace: TraceId) -> anyhow::Result<Self> {
        let flow = those(&recording.join(FLOWS), |flow: &Flow| flow.trace_id == trace)?.pop();
        Ok(Self {
            flow: flow.with_context(|| format!("no flow has the trace {trace}"))?,
            findings: those(&recording.join(FINDINGS), |finding: &Finding| finding.trace_id == trace)?,
            audit: those(&recording.join(AUDIT), |entry: &AuditEntry| entry.trace_id == Some(trace))?,
        })
    }

    pub(super) fn exchange(&self, out: &mut dyn Write) -> io::Result<()> {
        let flow = &self.flow;
        let took = duration(flow.end_time_unix_nano.since(flow.start_time_unix_nano));
        let status = flow.response.as_ref().map_or("no answer".to_owned(), |r| r.status.to_string());
        let (method, url) = (visible(&flow.request.method), visible(&flow.request.url));
        writeln!(out, "  its exchange    {method} {url}  →  {status} in {took}")?;
        writeln!(out, "  its trace\n")
    }

    pub(super) fn consequences(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.findings {
            let (severity, kind) = (finding.severity.as_str(), visible(&finding.kind));
            writeln!(out, "  a finding       {severity} {kind}: {}", visible(&finding.message))?;
        }
        for entry in &self.audit {
            let decision = format!("{:?}", entry.decision).to_lowercase();
            let plugin = entry.plugin.as_deref().unwrap_or("-");
            let about = entry.metadata.get("type").or_else(|| entry.metadata.get("url"));
            let about = about.map(ToString::to_string).unwrap_or_default();
            let (event, plugin, about) = (visible(&entry.event), visible(plugin), visible(&about));
            writeln!(out, "  on the audit    {decision} {event} by {plugin}: {about}")?;
        }
        Ok(())
    }
}

/// How many findings each plugin has.
pub(super) fn findings_by_plugin(recording: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    for finding in those(&recording.join(FINDINGS), |_: &Finding| true)? {
        *found.entry(finding.plugin).or_default() += 1;
    }
    Ok(found)
}

/// The records of a file that are wanted.
pub(super) fn those<T: DeserializeOwned>(path: &Path, which: impl Fn(&T) -> bool) -> anyhow::Result<Vec<T>> {
    let mut found = Vec::new();
    for record in jsonl::records(path)? {
        found.extend(Some(record?).filter(&which));
    }
    Ok(found)
}
