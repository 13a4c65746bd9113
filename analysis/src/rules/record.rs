//! What rules write back: recorded series, ALERTS, and the markers where these end.

use rustc_hash::FxHashSet;

use super::{rule::Rule, state::Machine, state::State};
use crate::{
    metrics::{Labels, Store, labels::NAME, stale::MARKER},
    promql::Sample,
};

/// The series that a rule wrote at its last evaluation.
#[derive(Debug, Default)]
pub(super) struct Written(FxHashSet<Labels>);

impl Written {
    /// Adds samples to the store, and markers for what was there before and is no longer. Gives how many samples
    /// the store refused: it has the series already.
    pub(super) fn write(&mut self, store: &mut Store, time: i64, samples: Vec<(Labels, f64)>) -> usize {
        let mut now = FxHashSet::default();
        let mut refused = 0;
        for (labels, value) in samples {
            refused += usize::from(store.append(&labels, time, value).is_err());
            now.insert(labels);
        }
        for gone in self.0.difference(&now) {
            refused += usize::from(store.append(gone, time, MARKER).is_err());
        }
        self.0 = now;
        refused
    }
}

/// The series of a recording rule's result.
pub(super) fn recorded(rule: &Rule, samples: Vec<Sample>) -> Vec<(Labels, f64)> {
    let named = |sample: Sample| {
        let mut labels = sample.labels.with(NAME, &rule.name);
        for (name, template) in &rule.labels {
            labels = labels.with(name, &template.expand(&sample.labels, sample.value));
        }
        (labels, sample.value)
    };
    samples.into_iter().map(named).collect()
}

/// ALERTS and ALERTS_FOR_STATE of a rule.
pub(super) fn alerts(rule: &Rule, machine: &Machine) -> Vec<(Labels, f64)> {
    let mut samples = Vec::new();
    for (labels, state, since) in machine.active() {
        let labels = labels.with("alertname", &rule.name);
        let state = if state == State::Firing { "firing" } else { "pending" };
        samples.push((labels.with(NAME, "ALERTS").with("alertstate", state), 1.0));
        samples.push((labels.with(NAME, "ALERTS_FOR_STATE"), (since as f64 / 1e3).floor()));
    }
    samples
}
