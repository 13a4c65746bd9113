//! A recording, read back.

use std::path::{Path, PathBuf};

use glyph_formats::{
    AuditEntry, Decision, Finding, Flow, Recording, Span, SpanId, TraceId, Value, jsonl,
    recording::{AUDIT, FINDINGS, FLOWS, METRICS, TRACES},
};
use glyphd::app::Summary;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::told::value;

/// Everything that a daemon left behind.
pub(crate) struct Recorded {
    pub(crate) dir: PathBuf,
    pub(crate) summary: Summary,
    pub(crate) recording: Recording,
    pub(crate) flows: Vec<Flow>,
    pub(crate) spans: Vec<Span>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) audit: Vec<AuditEntry>,
    _dir: TempDir,
}

impl Recorded {
    pub(super) fn read(dir: PathBuf, summary: Summary, holder: TempDir) -> Self {
        let mut flows: Vec<Flow> = lines(&dir.join(FLOWS));
        flows.sort_by_key(|flow| flow.sequence);
        Self {
            recording: Recording::open(&dir).unwrap(),
            flows,
            spans: optional(&dir.join(TRACES)),
            findings: lines(&dir.join(FINDINGS)),
            audit: optional(&dir.join(AUDIT)),
            dir,
            summary,
            _dir: holder,
        }
    }

    /// The only flow.
    #[track_caller]
    pub(crate) fn flow(&self) -> &Flow {
        assert_eq!(self.flows.len(), 1, "one exchange, one flow: {:#?}", self.flows);
        &self.flows[0]
    }

    /// The only span of that name in that trace.
    #[track_caller]
    pub(crate) fn span(&self, trace: TraceId, name: &str) -> &Span {
        let found = self.spans_of(trace, name);
        let there: Vec<_> = self.spans.iter().map(|s| (s.trace_id, &s.name)).collect();
        assert_eq!(found.len(), 1, "{name} in {trace}; there are {there:#?}");
        found[0]
    }

    pub(crate) fn spans_of(&self, trace: TraceId, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|s| s.trace_id == trace && s.name == name).collect()
    }

    pub(crate) fn spans_named(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|s| s.name == name).collect()
    }

    /// The value of a series of the daemon's own, as it was in the end.
    #[track_caller]
    pub(crate) fn counted(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let text = std::fs::read_to_string(self.dir.join(METRICS)).unwrap();
        value(&text, name, labels)
    }

    /// How often that was decided so: entries, and those that were counted into one.
    pub(crate) fn times(&self, event: &str, decision: Decision) -> i64 {
        let times = |entry: &&AuditEntry| i64::try_from(entry.times()).unwrap();
        self.audited(event, decision).iter().map(times).sum()
    }

    /// The audit entries about that event with that outcome.
    pub(crate) fn audited(&self, event: &str, decision: Decision) -> Vec<&AuditEntry> {
        self.audit.iter().filter(|e| e.event == event && e.decision == decision).collect()
    }
}

/// All records of a file, each of them good and the last one whole.
#[track_caller]
pub(crate) fn lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let mut reader = jsonl::records(path).unwrap();
    let records = reader.by_ref().collect::<Result<_, _>>().unwrap();
    assert_eq!(reader.warnings(), [], "{}", path.display());
    records
}

fn optional<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    if path.exists() { lines(path) } else { Vec::new() }
}

/// A span's attribute as text; empty if it has none, and no span may have one twice.
#[track_caller]
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    let values: Vec<_> = span.attributes.0.iter().filter(|(key, _)| key == name).collect();
    assert!(values.len() < 2, "{name} stands in {} twice: {:?}", span.name, span.attributes);
    values.first().map(|(_, value)| value.to_string()).unwrap_or_default()
}

/// A span's attribute as a number.
#[track_caller]
pub(crate) fn number(span: &Span, name: &str) -> i64 {
    match span.attributes.get(name) {
        Some(Value::Int(number)) => *number,
        other => panic!("{name} of {}: {other:?}", span.name),
    }
}

/// What a `traceparent` says: trace, span, sampled.
#[track_caller]
pub(crate) fn traceparent(value: &str) -> (TraceId, SpanId, bool) {
    let parts: Vec<_> = value.split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, "00"), "{value}");
    (parts[1].parse().unwrap(), parts[2].parse().unwrap(), parts[3] == "01")
}
