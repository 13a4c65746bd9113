//! What is known of the alerts of one rule while it is run.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::{
    comparison::Watch,
    exemplars,
    outcome::{Alert, Interval},
    reach::Leaf,
    rule::{Kind, Rule},
    state::{Machine, State, Transition},
};
use crate::{
    metrics::{Labels, Store},
    promql::Sample,
};

/// One rule's alerts.
pub(super) struct Tracking {
    pub(super) machine: Machine,
    alerts: BTreeMap<Labels, Track>,
}

#[derive(Debug, Default)]
struct Track {
    /// The labels of the result, before the rule set its own.
    result: Option<Labels>,
    annotations: BTreeMap<String, String>,
    intervals: Vec<Interval>,
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

impl Tracking {
    pub(super) fn new(hold: i64, keep_firing: i64) -> Self {
        Self { machine: Machine::new(hold, keep_firing), alerts: BTreeMap::new() }
    }

    /// One evaluation.
    ///
    /// # Errors
    /// If two results become the same alert.
    pub(super) fn step(&mut self, rule: &Rule, time: i64, samples: &[Sample]) -> Result<(), &'static str> {
        let mut present = Vec::with_capacity(samples.len());
        let mut seen = FxHashSet::default();
        for sample in samples {
            let labels = alert_labels(rule, sample);
            if !seen.insert(labels.clone()) {
                return Err("vector contains metrics with the same labelset after applying alert labels");
            }
            let track = self.alerts.entry(labels.clone()).or_default();
            track.result = Some(sample.labels.without_name());
            if let Kind::Alerting { annotations, .. } = &rule.kind {
                let expand = |(name, template): &(String, super::template::Template)| {
                    (name.clone(), template.expand(&sample.labels, sample.value))
                };
                track.annotations = annotations.iter().map(expand).collect();
            }
            present.push(labels);
        }
        for Transition { labels, to } in self.machine.step(time, &present) {
            let track = self.alerts.entry(labels).or_default();
            track.close(time);
            if to != State::Inactive {
                track.intervals.push(Interval { state: to, start: seconds(time), end: f64::INFINITY });
            }
        }
        Ok(())
    }

    /// All that there is to say of the rule, after the evaluation at `end`.
    pub(super) fn finish(
        mut self,
        rule: &Rule,
        end: i64,
        watch: Option<&Watch<'_>>,
        leaves: &[Leaf<'_>],
        obstacle: Option<String>,
        store: &Store,
    ) -> Vec<Alert> {
        self.alerts.values_mut().for_each(|track| track.close(end));
        let fired = self.alerts.values().any(|track| track.state() == State::Firing);
        let reason = obstacle.filter(|_| !fired);
        let mut alerts: Vec<Alert> = Vec::new();
        for (labels, track) in self.alerts {
            let peak = track.result.as_ref().and_then(|result| watch?.peak(result));
            let state = if reason.is_some() { State::Undecided } else { track.state() };
            alerts.push(Alert {
                alert: rule.name.clone(),
                exemplars: exemplars::find(
                    store,
                    leaves,
                    track.result.as_ref().unwrap_or(&labels),
                    &track.intervals,
                ),
                labels: labels.to_map(),
                annotations: track.annotations,
                state,
                intervals: track.intervals,
                peak,
                threshold: watch.and_then(|w| w.threshold),
                margin: peak.and_then(|peak| watch?.margin(peak)),
                reason: reason.clone(),
            });
        }
        if alerts.is_empty() {
            alerts.push(quiet(rule, watch, reason));
        }
        alerts
    }
}

impl Track {
    fn close(&mut self, time: i64) {
        if let Some(open) = self.intervals.last_mut().filter(|i| i.end == f64::INFINITY) {
            open.end = seconds(time);
        }
    }

    fn state(&self) -> State {
        self.intervals.iter().map(|i| i.state).max().unwrap_or(State::Inactive)
    }
}

/// The labels of an alert: those of the result, and the rule's.
fn alert_labels(rule: &Rule, sample: &Sample) -> Labels {
    let mut labels = sample.labels.without_name();
    for (name, template) in &rule.labels {
        labels = labels.with(name, &template.expand(&sample.labels, sample.value));
    }
    labels
}

/// The entry of a rule that never had a result: how close what it compares has come.
fn quiet(rule: &Rule, watch: Option<&Watch<'_>>, reason: Option<String>) -> Alert {
    let closest = watch.and_then(|w| w.closest());
    let peak = closest.map(|(_, peak)| peak);
    let labels = match closest {
        Some((labels, value)) => alert_labels(rule, &Sample::new(labels.clone(), value)),
        None => alert_labels(rule, &Sample::new(Labels::empty(), f64::NAN)),
    };
    Alert {
        alert: rule.name.clone(),
        labels: labels.to_map(),
        annotations: BTreeMap::new(),
        state: if reason.is_some() { State::Undecided } else { State::Inactive },
        intervals: Vec::new(),
        peak,
        threshold: watch.and_then(|w| w.threshold),
        margin: peak.and_then(|peak| watch?.margin(peak)),
        exemplars: Vec::new(),
        reason,
    }
}
