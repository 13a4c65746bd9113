//! What counts as a failure: by default any alert that fires.

use std::str::FromStr;

use super::{Alert, Outcome};
use crate::rules::state::State;

/// Which alerts are failures.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Each of these makes an alert count; an empty list is any that fires. Without a list none counts.
    pub fail_on: Option<Vec<FailOn>>,
    /// For how long an alert may fire in all, in milliseconds.
    pub max_firing: Option<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fail_on: Some(Vec::new()), max_firing: None }
    }
}

/// Which alerts count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailOn {
    /// Those that fire.
    Any,
    /// Those that are pending, and those that fire.
    Pending,
    /// Those that fire with a label of that value.
    Label {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

impl FromStr for FailOn {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.split_once('=')) {
            ("any", _) => Ok(Self::Any),
            ("pending", _) => Ok(Self::Pending),
            (_, Some((name, value))) if !name.is_empty() => {
                Ok(Self::Label { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected any, pending, or LABEL=VALUE such as severity=critical"),
        }
    }
}

/// An alert that is a failure.
#[derive(Debug, Clone, Copy)]
pub struct Violation<'o> {
    /// Which.
    pub alert: &'o Alert,
    /// For how long it fired in all, in seconds.
    pub firing: f64,
}

impl Limits {
    /// The alerts that are failures.
    pub fn violations<'o>(&self, outcome: &'o Outcome) -> Vec<Violation<'o>> {
        let counted = outcome.alerts.iter().filter(|alert| self.counts(alert));
        let lasted = counted.map(|alert| Violation { alert, firing: alert.firing() });
        let most = self.max_firing.map(|ms| ms as f64 / 1e3);
        lasted.filter(|v| most.is_none_or(|most| v.alert.state != State::Firing || v.firing > most)).collect()
    }

    fn counts(&self, alert: &Alert) -> bool {
        let fires = alert.state == State::Firing;
        let Some(fail_on) = &self.fail_on else { return false };
        if fail_on.is_empty() {
            return fires;
        }
        fail_on.iter().any(|on| match on {
            FailOn::Any => fires,
            FailOn::Pending => fires || alert.state == State::Pending,
            FailOn::Label { name, value } => fires && alert.labels.get(name).is_some_and(|v| v == value),
        })
    }
}

impl Alert {
    /// For how long it fired in all, in seconds.
    pub fn firing(&self) -> f64 {
        let firing = self.intervals.iter().filter(|i| i.state == State::Firing);
        firing.map(|i| i.end - i.start).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rules::check::Interval;

    fn outcome() -> Outcome {
        let alert = |name: &str, severity: &str, state, end| Alert {
            alert: name.to_owned(),
            labels: BTreeMap::from([("severity".to_owned(), severity.to_owned())]),
            annotations: BTreeMap::new(),
            state,
            intervals: vec![Interval::new(state, 0.0, end)],
            peak: None,
            threshold: None,
            margin: None,
            exemplars: Vec::new(),
            reason: None,
            place: Default::default(),
        };
        let alerts = vec![
            alert("short", "critical", State::Firing, 60.0),
            alert("long", "warning", State::Firing, 300.0),
            alert("waiting", "critical", State::Pending, 60.0),
        ];
        Outcome { from: 0.0, to: 300.0, alerts, fired: true, changes: None }
    }

    #[test]
    fn what_counts_can_be_said() {
        let table: [(&[&str], Option<i64>, &[&str]); 7] = [
            (&[], None, &["short", "long"]),
            (&["any"], None, &["short", "long"]),
            (&["pending"], None, &["short", "long", "waiting"]),
            (&["severity=critical"], None, &["short"]),
            (&["severity=critical", "severity=warning"], None, &["short", "long"]),
            (&[], Some(120_000), &["long"]),
            (&["severity=critical"], Some(120_000), &[]),
        ];
        for (fail_on, max_firing, expected) in table {
            let fail_on = fail_on.iter().map(|text| text.parse().unwrap()).collect();
            let outcome = outcome();
            let found = Limits { fail_on: Some(fail_on), max_firing }.violations(&outcome);
            let names: Vec<_> = found.iter().map(|v| v.alert.alert.as_str()).collect();
            assert_eq!(names, expected);
        }
        assert!("critical".parse::<FailOn>().is_err());
    }
}
