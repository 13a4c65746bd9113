//! What came of the rules.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::Changes;
use crate::rules::state::State;

/// What `alerts check --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outcome {
    /// The time of the recording's first sample, in seconds since the epoch.
    pub from: f64,
    /// The time of its last.
    pub to: f64,
    /// Each alert that was pending or fired; of a rule that has none, one entry.
    pub alerts: Vec<Alert>,
    /// Whether one fired.
    pub fired: bool,
    /// What these rules change, if they are held against others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// An alert.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Alert {
    /// The rule's name.
    pub alert: String,
    /// The labels, without the rule's name.
    pub labels: BTreeMap<String, String>,
    /// What it tells people, as of the last evaluation at which it was pending or fired.
    pub annotations: BTreeMap<String, String>,
    /// The furthest that it came: `inactive`, `pending`, `firing`; or `undecided`.
    #[schemars(with = "String")]
    pub state: State,
    /// When it was what.
    pub intervals: Vec<Interval>,
    /// The value that came closest to the threshold or went furthest beyond, where the expression compares with a
    /// constant.
    pub peak: Option<f64>,
    /// That constant.
    pub threshold: Option<f64>,
    /// How much of the way to the threshold the peak is: 0.92 is 92 %; 1 and more is at it or beyond.
    pub margin: Option<f64>,
    /// Observations that it looked at while it fired: of its first selector first, and of each the greatest first.
    pub exemplars: Vec<ExemplarFound>,
    /// Why it is undecided.
    #[serde(skip)]
    pub reason: Option<String>,
    /// The file of its rule, and the line in which that begins, counted from 1.
    #[serde(skip)]
    pub place: (PathBuf, u64),
}

/// A time in which an alert was pending or fired.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// Which of both.
    #[schemars(with = "String")]
    pub state: State,
    /// The evaluation at which it became so, in seconds since the epoch.
    pub start: f64,
    /// The evaluation at which it no longer was so, or the last.
    pub end: f64,
    /// If it fired: observations that it looked at in this time, in the order of [`Alert::exemplars`].
    #[serde(skip)]
    pub exemplars: Vec<ExemplarFound>,
}

impl Interval {
    /// One of which no exemplars are known.
    pub fn new(state: State, start: f64, end: f64) -> Self {
        Self { state, start, end, exemplars: Vec::new() }
    }
}

/// An observation that a bucket remembers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExemplarFound {
    /// The trace, if the exemplar names one.
    pub trace_id: Option<String>,
    /// The span, if it names one.
    pub span_id: Option<String>,
    /// What was observed.
    pub value: f64,
    /// When, in seconds since the epoch.
    pub timestamp: f64,
    /// The series that remembers it.
    pub series: BTreeMap<String, String>,
}

impl Outcome {
    /// The alerts of which nothing could be said.
    pub fn undecided(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|a| a.state == State::Undecided)
    }
}
