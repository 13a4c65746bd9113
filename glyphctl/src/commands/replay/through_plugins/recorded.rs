//! What plugins found when the flows were recorded.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context, anyhow};
use glyph_formats::{Finding, jsonl, jsonl::segments, recording::FINDINGS};

use crate::{
    commands::showing::source::Source,
    output::{failure::HintExt, warn},
};

/// What is to be compared.
pub(super) struct Recorded {
    /// The findings of those plugins about the flows that are shown, by their plugin.
    pub(super) findings: BTreeMap<String, Vec<Finding>>,
    /// How many findings of others there are, by their plugin.
    pub(super) left_out: BTreeMap<String, u64>,
}

/// Reads them from beside the flows.
pub(super) fn findings(source: &Source<'_>, plugins: &[String]) -> anyhow::Result<Recorded> {
    let path = source.beside(FINDINGS);
    let path = path.filter(|path| segments::existing(path).is_ok_and(|files| !files.is_empty()));
    let path = path.ok_or_else(|| {
        let error = anyhow!("there are no findings to compare with");
        error.hint("name a recording or an artifact; glyphctl plugin run shows a plugin any file of flows")
    })?;
    // Only where a part of the flows is shown, it matters which.
    let shown: Option<HashSet<String>> = match source.is_partial() {
        true => Some(source.flows(|_| {})?.map(|flow| Ok(flow?.id)).collect::<anyhow::Result<_>>()?),
        false => None,
    };
    let mut recorded = Recorded { findings: BTreeMap::new(), left_out: BTreeMap::new() };
    let mut records = jsonl::records::<Finding>(&path).context("the recorded findings")?;
    for finding in &mut records {
        let finding = finding.context("the recorded findings")?;
        let flow = finding.flow_id.as_ref();
        if shown.as_ref().is_some_and(|shown| flow.is_none_or(|flow| !shown.contains(flow))) {
            continue;
        }
        // The daemon's own say how the plugin's process did, not what the plugin says.
        if plugins.contains(&finding.plugin) && !finding.kind.starts_with("glyph.") {
            recorded.findings.entry(finding.plugin.clone()).or_default().push(finding);
        } else {
            *recorded.left_out.entry(finding.plugin).or_default() += 1;
        }
    }
    records.warnings().iter().for_each(warn);
    Ok(recorded)
}
