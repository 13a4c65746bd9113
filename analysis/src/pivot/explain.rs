//! Why an alert fired, as far as a recording shows it: from the times in which it did, over the exemplars that it looked
//! at, to their traces, to the flows, findings and audit entries of these.
//!
//! First [`explain`] chooses the traces, then [`Explanation::fill`] tells what is known of them: between both, who calls
//! reads the spans and records of no other traces.

use std::collections::BTreeMap;

use glyph_formats::{AuditEntry, Finding, Flow, SpanId, TraceId, UnixNanos, span::SpanStatus};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Beside, MOST, Records, Suspects};
use crate::{
    rules::{Alert, ExemplarFound, Interval, Outcome, State},
    trace::{
        CriticalPath, Traces,
        waterfall::{Row, Waterfall},
    },
};

/// What `alerts check --format json` prints.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "Outcome")]
pub struct Explained<'a> {
    /// The verdict.
    #[serde(flatten)]
    pub outcome: &'a Outcome,
    /// With `--explain`: what is known of each alert that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanations: Option<&'a [Explanation]>,
}

/// What is known of an alert that fired.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Explanation {
    /// The rule's name.
    pub alert: String,
    /// The labels, without the rule's name.
    pub labels: BTreeMap<String, String>,
    /// The times in which it fired.
    pub intervals: Vec<Episode>,
}

/// A time in which an alert fired.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Episode {
    /// The evaluation from which it fired, in seconds since the epoch.
    pub start: f64,
    /// The evaluation at which it no longer did, or the last.
    pub end: f64,
    /// The traces of its greatest exemplars, three at most; if it has none, of those that ran in this time the failed and
    /// the slowest.
    pub traces: Vec<Witness>,
}

/// A trace that shows what happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Witness {
    /// The trace.
    pub trace_id: TraceId,
    /// The observation that names it; none if the trace merely ran at that time.
    pub exemplar: Option<ExemplarFound>,
    /// The recording that knows of it, as it was named; none if none does.
    pub recording: Option<String>,
    /// The span in which the observation was made, if it names one that is there.
    pub observed: Option<Observed>,
    /// What its spans say; none if they are not in the recording.
    pub trace: Option<Course>,
    /// The exchanges of the trace.
    pub flows: Vec<Exchange>,
    /// What plugins found in them.
    pub findings: Vec<Finding>,
    /// What was decided.
    pub audit: Vec<AuditEntry>,
}

/// A span in which something was observed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Observed {
    /// The service.
    pub service: String,
    /// The span's name.
    pub name: String,
    /// From the trace's start to the span's.
    pub offset_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
}

/// The course of a trace.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Course {
    /// When its first span starts.
    pub start_unix_nano: UnixNanos,
    /// From there to when its last span ends.
    pub duration_ns: u64,
    /// How many spans it has.
    pub spans: u64,
    /// The spans that failed, by their start.
    pub failed: Vec<Failed>,
    /// The spans whose own work the trace waited for, by their start.
    pub critical_path: Vec<Step>,
}

/// A span that failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Failed {
    /// The service.
    pub service: String,
    /// The span's name.
    pub name: String,
    /// The span.
    pub span_id: Option<SpanId>,
    /// Its attribute `error.type`.
    pub error_type: Option<String>,
    /// Its status' message.
    pub message: Option<String>,
}

/// A span on the critical path.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// The service.
    pub service: String,
    /// The span's name.
    pub name: String,
    /// The span.
    pub span_id: Option<SpanId>,
    /// Its own part of the path, in nanoseconds.
    pub own_ns: u64,
}

/// A flow in a line.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Exchange {
    /// The flow's id.
    pub id: String,
    /// Its number in the run.
    pub sequence: u64,
    /// The method.
    pub method: String,
    /// The URL, without secrets.
    pub url: String,
    /// The answer's status; none if there was no answer.
    pub status: Option<u16>,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// Chooses the traces that show why alerts fired: for each time the greatest exemplars' ones; where there are none and
/// `suspects` are known, those of them that ran then.
pub fn explain(outcome: &Outcome, suspects: Option<&Suspects<'_>>) -> Vec<Explanation> {
    let fired = outcome.alerts.iter().filter(|alert| alert.state == State::Firing);
    fired.map(|alert| Explanation::of(alert, suspects)).collect()
}

/// Whether an alert fired at some time to which no exemplar with a trace belongs.
pub fn lacks_exemplars(outcome: &Outcome) -> bool {
    let mut firing = outcome.alerts.iter().flat_map(firing);
    firing.any(|interval| witnesses(interval).is_empty())
}

fn firing(alert: &Alert) -> impl Iterator<Item = &Interval> {
    alert.intervals.iter().filter(|interval| interval.state == State::Firing)
}

/// The traces of an interval's exemplars, each once.
fn witnesses(interval: &Interval) -> Vec<Witness> {
    let mut found: Vec<Witness> = Vec::new();
    for exemplar in &interval.exemplars {
        let Some(id) = exemplar.trace_id.as_ref().and_then(|id| id.parse().ok()) else { continue };
        if found.len() < MOST && !found.iter().any(|witness| witness.trace_id == id) {
            found.push(Witness::new(id, Some(exemplar.clone())));
        }
    }
    found
}

impl Explanation {
    fn of(alert: &Alert, suspects: Option<&Suspects<'_>>) -> Self {
        let episode = |interval: &Interval| {
            let mut traces = witnesses(interval);
            if let (true, Some(suspects)) = (traces.is_empty(), suspects) {
                let ran = suspects.during(std::iter::once(interval));
                traces = ran.into_iter().map(|id| Witness::new(id, None)).collect();
            }
            Episode { start: interval.start, end: interval.end, traces }
        };
        Self {
            alert: alert.alert.clone(),
            labels: alert.labels.clone(),
            intervals: firing(alert).map(episode).collect(),
        }
    }

    /// The traces in it.
    pub fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.intervals.iter().flat_map(|episode| &episode.traces).map(|witness| witness.trace_id)
    }

    /// Tells what a recording of that name knows of its traces. `path` is [`Traces::critical_path`].
    pub fn fill(&mut self, recording: &str, traces: &Traces, path: &CriticalPath, records: &Records) {
        let numbers: BTreeMap<TraceId, usize> =
            traces.spans.trace_ids().iter().enumerate().map(|(t, id)| (*id, t)).collect();
        for witness in self.intervals.iter_mut().flat_map(|episode| &mut episode.traces) {
            let number = numbers.get(&witness.trace_id);
            let beside = records.beside(witness.trace_id);
            if number.is_none() && beside.is_none() {
                continue;
            }
            witness.recording = Some(recording.to_owned());
            if let Some(t) = number {
                let waterfall = Waterfall::of(traces, *t, path);
                witness.observed = witness.exemplar.as_ref().and_then(|one| Observed::of(one, &waterfall));
                witness.trace = Some(Course::of(&waterfall));
            }
            if let Some(Beside { flows, findings, audit }) = beside {
                witness.flows = flows.iter().map(Exchange::of).collect();
                witness.findings.clone_from(findings);
                witness.audit.clone_from(audit);
            }
        }
    }
}

impl Witness {
    fn new(trace_id: TraceId, exemplar: Option<ExemplarFound>) -> Self {
        Self {
            trace_id,
            exemplar,
            recording: None,
            observed: None,
            trace: None,
            flows: Vec::new(),
            findings: Vec::new(),
            audit: Vec::new(),
        }
    }
}

impl Observed {
    fn of(exemplar: &ExemplarFound, waterfall: &Waterfall) -> Option<Self> {
        let id: SpanId = exemplar.span_id.as_ref()?.parse().ok()?;
        let row = waterfall.rows.iter().find(|row| row.span_id == id.get())?;
        Some(Self {
            service: row.service.clone(),
            name: row.name.clone(),
            offset_ns: row.offset_ns,
            duration_ns: row.duration_ns,
        })
    }
}

impl Course {
    fn of(waterfall: &Waterfall) -> Self {
        let failed = |row: &Row| Failed {
            service: row.service.clone(),
            name: row.name.clone(),
            span_id: SpanId::new(row.span_id),
            error_type: row.attributes.get("error.type").map(ToString::to_string),
            message: row.status_message.clone(),
        };
        let step = |row: &Row| Step {
            service: row.service.clone(),
            name: row.name.clone(),
            span_id: SpanId::new(row.span_id),
            own_ns: row.critical_path_ns,
        };
        let mut rows: Vec<&Row> = waterfall.rows.iter().collect();
        rows.sort_by_key(|row| row.start_unix_nano);
        Self {
            start_unix_nano: UnixNanos(waterfall.start_unix_nano),
            duration_ns: waterfall.duration_ns,
            spans: rows.len() as u64,
            failed: rows
                .iter()
                .filter(|row| row.status == SpanStatus::Error)
                .map(|row| failed(row))
                .collect(),
            critical_path: rows.iter().filter(|row| row.critical_path_ns > 0).map(|row| step(row)).collect(),
        }
    }
}

impl Exchange {
    /// That of a flow.
    pub fn of(flow: &Flow) -> Self {
        Self {
            id: flow.id.clone(),
            sequence: flow.sequence,
            method: flow.request.method.clone(),
            url: flow.request.url.clone(),
            status: flow.response.as_ref().map(|response| response.status),
            duration_ns: flow.end_time_unix_nano.since(flow.start_time_unix_nano),
            error: flow.error.as_ref().map(|error| format!("{}: {}", error.kind, error.message)),
        }
    }
}
