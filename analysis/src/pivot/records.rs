//! What stands beside a trace: the flows, findings and audit entries with its id.

use std::path::Path;

use glyph_formats::{
    AuditEntry, Finding, Flow, TraceId,
    jsonl::{self, ReadError, ReadWarning, input::Progress, segments},
    recording::{AUDIT, FINDINGS, FLOWS},
};
use memchr::memmem;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// The records of one trace, each kind in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Beside {
    /// The exchanges.
    pub flows: Vec<Flow>,
    /// What plugins said of them, and the daemon of plugins.
    pub findings: Vec<Finding>,
    /// What was decided.
    pub audit: Vec<AuditEntry>,
}

/// The records of several traces.
#[derive(Debug, Default)]
pub struct Records {
    by_trace: FxHashMap<TraceId, Beside>,
    /// What is odd about the files.
    pub warnings: Vec<ReadWarning>,
}

impl Records {
    /// Those of a recording's files whose trace is `wanted`. A file that is not there has none.
    ///
    /// Lines of other traces are not taken apart: a large recording costs hardly more than reading its bytes.
    ///
    /// # Errors
    /// If a file can't be read, or a line of these traces is no record.
    pub fn read(
        dir: &Path,
        wanted: impl Fn(TraceId) -> bool + Clone + Send + 'static,
        progress: &Progress,
    ) -> Result<Self, ReadError> {
        let mut all = Self::default();
        let source = Source { dir, wanted, progress };
        for flow in source.records::<Flow>(FLOWS, &mut all.warnings)? {
            all.by_trace.entry(flow.trace_id).or_default().flows.push(flow);
        }
        for finding in source.records::<Finding>(FINDINGS, &mut all.warnings)? {
            all.by_trace.entry(finding.trace_id).or_default().findings.push(finding);
        }
        for entry in source.records::<AuditEntry>(AUDIT, &mut all.warnings)? {
            if let Some(id) = entry.trace_id {
                all.by_trace.entry(id).or_default().audit.push(entry);
            }
        }
        all.by_trace.retain(|id, _| (source.wanted)(*id));
        for beside in all.by_trace.values_mut() {
            beside.flows.sort_by_key(|flow| (flow.start_time_unix_nano, flow.sequence));
            beside.findings.sort_by_key(|finding| finding.time_unix_nano);
            beside.audit.sort_by_key(|entry| entry.time_unix_nano);
        }
        Ok(all)
    }

    /// A measure for reading them.
    pub fn progress(dir: &Path) -> Progress {
        let files =
            [FLOWS, FINDINGS, AUDIT].map(|name| segments::with_closed(&dir.join(name)).unwrap_or_default());
        let sizes = files.iter().flatten().filter_map(|file| Some(std::fs::metadata(file).ok()?.len()));
        Progress::of(Some(sizes.sum()))
    }

    /// The traces that have records, in no order.
    pub fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.by_trace.keys().copied()
    }

    /// What stands beside a trace.
    pub fn beside(&self, id: TraceId) -> Option<&Beside> {
        self.by_trace.get(&id)
    }
}

struct Source<'a, W> {
    dir: &'a Path,
    wanted: W,
    progress: &'a Progress,
}

impl<W: Fn(TraceId) -> bool + Clone + Send + 'static> Source<'_, W> {
    fn records<T: DeserializeOwned>(
        &self,
        name: &str,
        warnings: &mut Vec<ReadWarning>,
    ) -> Result<Vec<T>, ReadError> {
        let path = self.dir.join(name);
        if segments::existing(&path)?.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = self.wanted.clone();
        let mut records = jsonl::records::<T>(&path)?
            .only(move |line| may_be_of(line, &wanted))
            .counted(self.progress.clone());
        let found = records.by_ref().collect::<Result<_, _>>();
        warnings.extend_from_slice(records.warnings());
        found
    }
}

/// Whether a line can be a record of a trace that is wanted. Text that passed can't fake the key: its quotes are escaped.
fn may_be_of(line: &[u8], wanted: &impl Fn(TraceId) -> bool) -> bool {
    const KEY: &[u8] = br#""trace_id":""#;
    let mut keys = memmem::find_iter(line, KEY).peekable();
    if keys.peek().is_none() {
        // Written otherwise than glyphd does it, or with no trace at all.
        return memmem::find(line, br#""trace_id""#).is_some();
    }
    keys.any(|at| {
        let id = line.get(at + KEY.len()..at + KEY.len() + 32);
        // What can't be understood is for the reader to tell.
        id.and_then(|id| std::str::from_utf8(id).ok()?.parse().ok()).is_none_or(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_traces_are_passed_over() {
        let id = |text: &str| text.parse::<TraceId>().unwrap();
        let (mine, other) = ("4bf92f3577b34da6a3ce929d0e0e4736", "898114cb177d223564aa6b62429202c1");
        let wanted = |found: TraceId| found == id(mine);
        let line = |id: &str| format!(r#"{{"a":1,"trace_id":"{id}","b":2}}"#);
        assert!(may_be_of(line(mine).as_bytes(), &wanted));
        assert!(!may_be_of(line(other).as_bytes(), &wanted));
        let of_metadata = format!(r#"{{"metadata":{{"trace_id":"{other}"}},"trace_id":"{mine}"}}"#);
        assert!(may_be_of(of_metadata.as_bytes(), &wanted));
        let in_a_body = format!(r#"{{"trace_id":"{other}","utf8":"{{\"trace_id\":\"{mine}\"}}"}}"#);
        assert!(!may_be_of(in_a_body.as_bytes(), &wanted));
        assert!(!may_be_of(br#"{"event":"x"}"#, &wanted));
        assert!(may_be_of(format!(r#"{{ "trace_id" : "{mine}" }}"#).as_bytes(), &wanted));
        assert!(may_be_of(br#"{"trace_id":"torn"#, &wanted));
    }
}
