//! What became of a rule.

use std::collections::BTreeMap;

use super::super::{
    rule::{Kind, Rule},
    state::State,
};
use crate::{
    metrics::{Labels, Refusal, Store},
    promql::Note,
};

/// What became of a rule.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Its alerts, in the order in which they came up.
    pub(crate) alerts: Vec<AlertHistory>,
    /// When it first had an error, and which.
    pub(crate) error: Option<(i64, String)>,
    /// What Prometheus would warn of.
    pub(crate) notes: Vec<Note>,
    /// Samples of its series that were not taken, since there are others.
    pub(crate) refused: Option<Refused>,
}

/// Samples that were not taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    pub(crate) count: usize,
    /// The evaluation of the first of them.
    pub(crate) first: i64,
    /// Why that was not taken.
    pub(crate) why: Refusal,
}

/// What became of an alert.
#[derive(Debug)]
pub(crate) struct AlertHistory {
    /// Its labels, but for `alertname`.
    pub(crate) labels: Labels,
    /// The label sets of the results that it came from.
    pub(crate) sources: Vec<Labels>,
    /// The results, oldest first.
    pub(crate) results: Vec<Found>,
    /// When it was pending, and when it fired.
    pub(crate) spans: Vec<Span>,
    /// The annotations that had to be filled in at once, with the times from which they count.
    pub(super) annotated: Vec<(i64, BTreeMap<String, String>)>,
}

/// A result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// When, in milliseconds since the epoch.
    pub(crate) time: i64,
    pub(crate) value: f64,
    /// Which of the sources.
    pub(crate) source: u32,
}

/// A time in which an alert was pending or fired, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) state: State,
    /// The evaluation at which it became so.
    pub(crate) start: i64,
    /// The evaluation at which it no longer was.
    pub(crate) end: Option<i64>,
}

impl AlertHistory {
    /// What it was after the evaluation at a time.
    pub(crate) fn state_at(&self, time: i64) -> State {
        let begun = self.spans.partition_point(|span| span.start <= time);
        match begun.checked_sub(1).map(|i| self.spans[i]) {
            Some(span) if span.end.is_none_or(|end| time < end) => span.state,
            _ => State::Inactive,
        }
    }

    /// The newest result of an evaluation up to a time.
    pub(crate) fn result_at(&self, time: i64) -> Option<Found> {
        let found = self.results.partition_point(|found| found.time <= time);
        found.checked_sub(1).map(|i| self.results[i])
    }

    /// What it told people after the evaluation at a time. `store` has what the rules recorded.
    pub(crate) fn annotations_at(
        &self,
        time: i64,
        rule: &Rule,
        world: &super::World,
        store: &Store,
    ) -> BTreeMap<String, String> {
        let filled = self.annotated.partition_point(|(from, _)| *from <= time);
        if let Some(i) = filled.checked_sub(1) {
            return self.annotated[i].1.clone();
        }
        let (Some(found), Kind::Alerting { annotations, .. }) = (self.result_at(time), &rule.kind) else {
            return BTreeMap::new();
        };
        let labels = &self.sources[found.source as usize];
        let filled = |text: &super::super::rule::Text| {
            (
                text.name.clone(),
                super::filling::fill(text, labels, found.value, world, found.time, Some(store)),
            )
        };
        annotations.iter().map(filled).collect()
    }
}
