//! The life of an alert: inactive, pending, firing. Pure: a time and who is there go in, transitions come out.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::metrics::Labels;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its expression has no result.
    Inactive,
    /// It has one, for not long enough yet.
    Pending,
    /// It has one for long enough.
    Firing,
    /// Nothing can be said: never a state of the machine, only of an outcome.
    Undecided,
}

/// An alert changes its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Which.
    pub labels: Labels,
    /// To what.
    pub to: State,
}

/// The alerts of one rule.
#[derive(Debug, Clone)]
pub struct Machine {
    hold: i64,
    keep_firing: i64,
    active: BTreeMap<Labels, Active>,
}

/// An alert that is not inactive.
#[derive(Debug, Clone, Copy)]
struct Active {
    state: State,
    since: i64,
    /// Since when it fires without a result.
    kept_since: Option<i64>,
}

impl Machine {
    /// A machine whose alerts are pending for `hold` and fire on for `keep_firing`, in milliseconds.
    pub fn new(hold: i64, keep_firing: i64) -> Self {
        Self { hold, keep_firing, active: BTreeMap::new() }
    }

    /// One evaluation, at a time in milliseconds: `present` are the label sets that have a result.
    pub fn step(&mut self, now: i64, present: &[Labels]) -> Vec<Transition> {
        let there: FxHashSet<&Labels> = present.iter().collect();
        let mut new = FxHashSet::default();
        for labels in present {
            let fresh = Active { state: State::Pending, since: now, kept_since: None };
            if !self.active.contains_key(labels) {
                self.active.insert(labels.clone(), fresh);
                new.insert(labels);
            }
        }
        let mut transitions = Vec::new();
        self.active.retain(|labels, alert| {
            if there.contains(labels) {
                alert.kept_since = None;
            } else if !alert.is_kept(now, self.keep_firing) {
                transitions.push(Transition { labels: labels.clone(), to: State::Inactive });
                return false;
            }
            if alert.state == State::Pending && now - alert.since >= self.hold {
                alert.state = State::Firing;
                transitions.push(Transition { labels: labels.clone(), to: State::Firing });
            } else if new.contains(labels) {
                transitions.push(Transition { labels: labels.clone(), to: State::Pending });
            }
            true
        });
        transitions
    }

    /// The alerts that are pending or firing, with the time since which they have a result.
    pub fn active(&self) -> impl Iterator<Item = (&Labels, State, i64)> {
        self.active.iter().map(|(labels, alert)| (labels, alert.state, alert.since))
    }
}

impl Active {
    /// Whether it fires on, though it has no result.
    fn is_kept(&mut self, now: i64, keep_firing: i64) -> bool {
        if self.state != State::Firing || keep_firing == 0 {
            return false;
        }
        now - *self.kept_since.get_or_insert(now) < keep_firing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One alert, evaluated every 10 s; `x` where it has a result. States as `·`, `p`, `F`.
    fn timeline(hold: i64, keep_firing: i64, present: &str) -> String {
        let labels = Labels::of([("a", "b")]);
        let mut machine = Machine::new(hold, keep_firing);
        let mut state = State::Inactive;
        let step = |(i, c): (usize, char)| {
            let there = if c == 'x' { vec![labels.clone()] } else { Vec::new() };
            for transition in machine.step(i as i64 * 10, &there) {
                assert_ne!(transition.to, state, "a transition changes something");
                state = transition.to;
            }
            match state {
                State::Pending => 'p',
                State::Firing => 'F',
                _ => '·',
            }
        };
        present.chars().enumerate().map(step).collect()
    }

    #[test]
    fn alerts_live_as_in_prometheus() {
        let table = [
            (0, 0, ".xx.", "·FF·"),
            (20, 0, ".xxxx.", "·ppFF·"),
            (20, 0, "xx.xxx", "pp·ppF"),
            (15, 0, "xxx", "ppF"),
            (1000, 0, "xxxx", "pppp"),
            (0, 20, "x....", "FFF··"),
            (0, 20, "x.x...", "FFFFF·"),
            (20, 20, "xx...", "pp···"),
            (0, 0, "....", "····"),
        ];
        for (hold, keep, present, expected) in table {
            assert_eq!(timeline(hold, keep, present), expected, "for {hold}, keep {keep}: {present}");
        }
    }

    #[test]
    fn alerts_of_one_rule_live_alone() {
        let [a, b] = ["a", "b"].map(|v| Labels::of([("l", v)]));
        let mut machine = Machine::new(10, 0);
        assert_eq!(
            machine.step(0, std::slice::from_ref(&a)),
            [Transition { labels: a.clone(), to: State::Pending }]
        );
        let both = [b.clone(), a.clone()];
        let expected =
            [Transition { labels: a, to: State::Firing }, Transition { labels: b, to: State::Pending }];
        assert_eq!(machine.step(10, &both), expected);
        assert_eq!(
            machine.active().map(|(_, state, since)| (state, since)).collect::<Vec<_>>(),
            [(State::Firing, 0), (State::Pending, 10)]
        );
    }
}
