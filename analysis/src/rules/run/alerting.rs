//! What an alerting rule does: its alerts, and the series that tell of them.

use rustc_hash::FxHashMap;

use super::{
    AlertHistory, Span, Times, World,
    filling::fill,
    history::Found,
    recording::Written,
    results::{Results, has_twice},
};
use crate::{
    metrics::{Labels, SeriesId, Store, labels::NAME},
    rules::{
        rule::{Kind, Rule, Text},
        state::{AlertId, Machine, State, Transition},
    },
};

/// The label that names the alert.
pub(in crate::rules) const ALERT_NAME: &str = "alertname";

/// The label that says what state it is in.
const ALERT_STATE: &str = "alertstate";

/// The series of alerts that are pending or firing.
pub(in crate::rules) const ALERTS: &str = "ALERTS";

/// The series that hold since when.
pub(in crate::rules) const FOR_STATE: &str = "ALERTS_FOR_STATE";

/// An alerting rule's alerts.
pub(super) struct Alerting<'r> {
    rule: &'r Rule,
    world: &'r World,
    machine: Machine,
    alerts: Vec<AlertHistory>,
    by_labels: FxHashMap<Labels, AlertId>,
    /// By the labels of results; only if the labels of alerts depend on nothing else.
    by_source: Option<FxHashMap<Labels, (AlertId, u32)>>,
    /// Whether annotations look at other series. If the store is as it is at that time, they are filled in at once.
    looks: bool,
    /// The series of alerts, if anybody reads them.
    written: Option<Written>,
    series: FxHashMap<(AlertId, Told), SeriesId>,
}

impl<'r> Alerting<'r> {
    pub(super) fn new(rule: &'r Rule, hold: i64, keep_firing: i64, writes: bool, world: &'r World) -> Self {
        let varies = rule.labels.iter().any(|text| text.template.uses_value());
        let looks = match &rule.kind {
            Kind::Alerting { annotations, .. } => annotations.iter().any(|text| text.template.queries()),
            Kind::Recording => false,
        };
        Self {
            rule,
            world,
            machine: Machine::new(hold, keep_firing),
            alerts: Vec::new(),
            by_labels: FxHashMap::default(),
            by_source: (!varies).then(FxHashMap::default),
            looks,
            written: writes.then(Written::default),
            series: FxHashMap::default(),
        }
    }

    /// Takes the results of some evaluations. Gives the errors, and at which evaluation.
    pub(super) fn take(
        &mut self,
        times: Times,
        in_order: bool,
        (offset, limit): (i64, usize),
        results: &Results,
        store: &mut Store,
    ) -> Vec<(usize, String)> {
        let mut errors = Vec::new();
        if results.series.is_empty() && self.machine.is_empty() && self.written.is_none() {
            return errors;
        }
        let mut present = Vec::new();
        for k in 0..times.count {
            let (time, vector) = (times.at(k), results.at(k));
            present.clear();
            for (row, value) in vector {
                let (alert, source) = self.alert(&results.series[*row as usize], *value, time, store);
                present.push((alert, Found { time, value: *value, source }));
            }
            match self.step(time, limit, &present) {
                Ok(()) => self.write(time - offset, store),
                Err(what) => errors.push((k, what)),
            }
            if self.looks && in_order {
                self.annotate(&present, store);
            }
        }
        errors
    }

    /// One evaluation.
    fn step(&mut self, time: i64, limit: usize, present: &[(AlertId, Found)]) -> Result<(), String> {
        let ids: Vec<AlertId> = present.iter().map(|(id, _)| *id).collect();
        if has_twice(ids.iter()) {
            return Err(
                "vector contains metrics with the same labelset after applying alert labels".to_owned()
            );
        }
        let transitions = self.machine.step(time, &ids);
        let active = self.machine.len();
        if limit > 0 && active > limit {
            // All are forgotten; those that have just come up were never there.
            self.machine.clear();
            self.alerts.iter_mut().for_each(|alert| alert.close(time));
            return Err(format!("exceeded limit of {limit} with {active} alerts"));
        }
        for (id, found) in present {
            self.alerts[*id].results.push(*found);
        }
        for Transition { alert, to } in transitions {
            self.alerts[alert].close(time);
            if to != State::Inactive {
                self.alerts[alert].spans.push(Span { state: to, start: time, end: None });
            }
        }
        Ok(())
    }

    /// The alert that a result is, and which of its sources it comes from.
    fn alert(&mut self, source: &Labels, value: f64, time: i64, store: &Store) -> (AlertId, u32) {
        if let Some(known) = self.by_source.as_ref().and_then(|known| known.get(source)) {
            return *known;
        }
        let mut labels = source.without_name();
        for text in &self.rule.labels {
            labels = labels.with(&text.name, &fill(text, source, value, self.world, time, Some(store)));
        }
        let labels = labels.with(ALERT_NAME, "");
        let id = *self.by_labels.entry(labels.clone()).or_insert(self.alerts.len());
        if id == self.alerts.len() {
            self.alerts.push(AlertHistory {
                labels,
                sources: Vec::new(),
                results: Vec::new(),
                spans: Vec::new(),
                annotated: Vec::new(),
            });
        }
        let sources = &mut self.alerts[id].sources;
        let place = sources.iter().position(|there| there == source).unwrap_or_else(|| {
            sources.push(source.clone());
            sources.len() - 1
        });
        let known = (id, place as u32);
        if let Some(by_source) = &mut self.by_source {
            by_source.insert(source.clone(), known);
        }
        known
    }

    fn annotate(&mut self, present: &[(AlertId, Found)], store: &Store) {
        let Kind::Alerting { annotations, .. } = &self.rule.kind else { return };
        for (id, found) in present {
            let source = &self.alerts[*id].sources[found.source as usize];
            let (value, time) = (found.value, found.time);
            let filled =
                |text: &Text| (text.name.clone(), fill(text, source, value, self.world, time, Some(store)));
            let filled = annotations.iter().map(filled).collect();
            self.alerts[*id].annotated.push((found.time, filled));
        }
    }

    /// Writes ALERTS and ALERTS_FOR_STATE.
    fn write(&mut self, time: i64, store: &mut Store) {
        let Some(written) = &mut self.written else { return };
        let mut samples = Vec::new();
        for (alert, state, since) in self.machine.active() {
            let since = since.div_euclid(1_000) as f64;
            for (told, value) in [(Told::State(state), 1.0), (Told::Since, since)] {
                let labels = &self.alerts[alert].labels;
                let id = self.series.entry((alert, told));
                let id = id.or_insert_with(|| store.id_of(&series(self.rule, labels, told)));
                samples.push((*id, value));
            }
        }
        // What another rule of the same name has told at this time stands.
        let _refused = written.write(store, time, &samples);
    }

    pub(super) fn finish(self) -> Vec<AlertHistory> {
        self.alerts
    }
}

impl AlertHistory {
    fn close(&mut self, time: i64) {
        if let Some(open) = self.spans.last_mut().filter(|span| span.end.is_none()) {
            open.end = Some(time);
        }
    }
}

/// What a series tells of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    /// That it is pending, or that it fires.
    State(State),
    /// Since when it has a result.
    Since,
}

/// The series that tells something of an alert. As in Prometheus, a rule's label that is filled in with nothing stays there
/// as it was written.
fn series(rule: &Rule, labels: &Labels, told: Told) -> Labels {
    let mut all = Labels::empty();
    for text in &rule.labels {
        all = all.with(&text.name, text.template.text());
    }
    for (name, value) in labels.pairs() {
        all = all.with(name, value);
    }
    let all = all.with(ALERT_NAME, &rule.name);
    match told {
        Told::Since => all.with(NAME, FOR_STATE),
        Told::State(State::Firing) => all.with(NAME, ALERTS).with(ALERT_STATE, "firing"),
        Told::State(_) => all.with(NAME, ALERTS).with(ALERT_STATE, "pending"),
    }
}
