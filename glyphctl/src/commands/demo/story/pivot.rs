//! One trace id, and what the recording has under it: the exchange, what plugins found in it, who was allowed what.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use anyhow::Context;
use glyph_analysis::pivot::{Beside, Records, explain::Exchange};
use glyph_formats::{
    Finding, TraceId,
    jsonl::{self, input::Progress},
    recording::FINDINGS,
};
use serde::de::DeserializeOwned;

use crate::output::trace::beside;

/// All that belongs to a trace.
pub(super) struct Pivot {
    flow: Exchange,
    pub(super) beside: Beside,
}

impl Pivot {
    pub(super) fn of(recording: &Path, trace: TraceId) -> anyhow::Result<Self> {
        let records = Records::read(recording, move |id| id == trace, &Progress::default())?;
        let beside = records.beside(trace).cloned().unwrap_or_default();
        let flow = beside.flows.last().with_context(|| format!("no flow has the trace {trace}"))?;
        Ok(Self { flow: Exchange::of(flow), beside })
    }

    pub(super) fn exchange(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "  its exchange    {}\n  its trace\n", beside::exchange(&self.flow))
    }

    pub(super) fn consequences(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = self.beside.findings.iter().map(beside::finding);
        let audit = self.beside.audit.iter().map(beside::audited);
        findings.chain(audit).try_for_each(|line| writeln!(out, "  {line}"))
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
