//! Which alerts there are, beside those that a test expects.

use std::collections::BTreeMap;

use super::{AlertTest, Failure, Told, difference};
use crate::{
    metrics::Store,
    rules::{
        rule::Rule,
        run::{AlertHistory, History, World},
        state::State,
    },
};

/// The rules of a test, and what became of them.
pub(super) struct Played<'a> {
    pub(super) rules: Vec<(&'a Rule, &'a History)>,
    pub(super) world: &'a World,
    /// With what the rules recorded.
    pub(super) store: &'a Store,
    /// The start of the test, in milliseconds since the epoch.
    pub(super) start: i64,
}

impl Played<'_> {
    /// What is not as a test says, by the evaluation at a time in milliseconds since the epoch.
    pub(super) fn check(&self, test: &AlertTest, evaluated: i64) -> Vec<Failure> {
        let mut failures = Vec::new();
        if let Some(wanted) = &test.expected {
            let mut expected = wanted.clone();
            expected.sort();
            let mut got: Vec<Told> = self
                .alerts(&test.alertname)
                .filter(|(_, alert)| alert.state_at(evaluated) == test.state)
                .map(|(rule, alert)| self.told(rule, alert, evaluated))
                .collect();
            got.sort();
            if expected != got {
                let was = |labels: &BTreeMap<String, String>| self.was(&test.alertname, labels, evaluated);
                let differences = difference::between(&expected, &got, was);
                let (line, time, state) = (test.line, test.eval_time, test.state);
                let alertname = test.alertname.clone();
                failures.push(Failure::Alerts { line, alertname, time, state, expected, got, differences });
            }
        }
        for labels in &test.absent {
            for (rule, alert) in self.alerts(&test.alertname) {
                let state = alert.state_at(evaluated);
                let fits = labels.iter().all(|(name, value)| *alert.labels.get(name) == **value);
                if state != State::Inactive && fits {
                    failures.push(Failure::Present {
                        line: test.line,
                        alertname: test.alertname.clone(),
                        time: test.eval_time,
                        labels: labels.clone(),
                        state,
                        got: self.told(rule, alert, evaluated),
                    });
                }
            }
        }
        failures
    }

    fn alerts(&self, name: &str) -> impl Iterator<Item = (&Rule, &AlertHistory)> {
        let rules = self.rules.iter().filter(move |(rule, _)| rule.is_alert() && rule.name == name);
        rules.flat_map(|(rule, history)| history.alerts.iter().map(|alert| (*rule, alert)))
    }

    fn told(&self, rule: &Rule, alert: &AlertHistory, time: i64) -> Told {
        Told {
            labels: alert.labels.to_map(),
            annotations: alert.annotations_at(time, rule, self.world, self.store),
        }
    }

    /// What the alert with exactly these labels was, and since when, since the start.
    fn was(&self, name: &str, labels: &BTreeMap<String, String>, time: i64) -> (State, Option<i64>) {
        let alert = self.alerts(name).find(|(_, alert)| alert.labels.to_map() == *labels);
        let Some((_, alert)) = alert else { return (State::Inactive, None) };
        let state = alert.state_at(time);
        let span = alert.spans.iter().rev().find(|span| span.start <= time && span.state == state);
        (state, span.filter(|_| state != State::Inactive).map(|span| span.start - self.start))
    }
}
