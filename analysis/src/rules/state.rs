//! The life of an alert: inactive, pending, firing. Pure: a time and who is there go in, transitions come out.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Which.
    pub alert: AlertId,
    /// To what.
    pub to: State,
}

/// An alert of a rule: its place among all that the rule has had.
pub type AlertId = usize;

/// The alerts of one rule.
#[derive(Debug, Clone)]
pub struct Machine {
    hold: i64,
    keep_firing: i64,
    active: BTreeMap<AlertId, Active>,
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

    /// One evaluation, at a time in milliseconds: `present` are the alerts that have a result, each once.
    pub fn step(&mut self, now: i64, present: &[AlertId]) -> Vec<Transition> {
        if present.is_empty() && self.active.is_empty() {
            return Vec::new();
        }
        let mut there = present.to_vec();
        there.sort_unstable();
        let mut transitions = Vec::new();
        self.active.retain(|id, alert| {
            if there.binary_search(id).is_ok() {
                alert.kept_since = None;
            } else if !alert.is_kept(now, self.keep_firing) {
                transitions.push(Transition { alert: *id, to: State::Inactive });
                return false;
            }
            if alert.is_due(now, self.hold) {
                alert.state = State::Firing;
                transitions.push(Transition { alert: *id, to: State::Firing });
            }
            true
        });
        for id in there {
            let Entry::Vacant(vacant) = self.active.entry(id) else { continue };
            let mut alert = Active { state: State::Pending, since: now, kept_since: None };
            if alert.is_due(now, self.hold) {
                alert.state = State::Firing;
            }
            transitions.push(Transition { alert: id, to: alert.state });
            vacant.insert(alert);
        }
        transitions
    }

    /// Forgets all alerts.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// How many alerts are pending or firing.
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Whether no alert is pending or firing.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// The alerts that are pending or firing, with the time since which they have a result.
    pub fn active(&self) -> impl Iterator<Item = (AlertId, State, i64)> {
        self.active.iter().map(|(id, alert)| (*id, alert.state, alert.since))
    }
}

impl Active {
    /// Whether it was pending long enough.
    fn is_due(&self, now: i64, hold: i64) -> bool {
        self.state == State::Pending && now - self.since >= hold
    }

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
        let mut machine = Machine::new(hold, keep_firing);
        let mut state = State::Inactive;
        let step = |(i, c): (usize, char)| {
            let there: &[AlertId] = if c == 'x' { &[7] } else { &[] };
            for transition in machine.step(i as i64 * 10, there) {
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
        let (a, b) = (0, 1);
        let mut machine = Machine::new(10, 0);
        assert_eq!(machine.step(0, &[a]), [Transition { alert: a, to: State::Pending }]);
        let expected =
            [Transition { alert: a, to: State::Firing }, Transition { alert: b, to: State::Pending }];
        assert_eq!(machine.step(10, &[b, a]), expected);
        assert_eq!(machine.active().collect::<Vec<_>>(), [(a, State::Firing, 0), (b, State::Pending, 10)]);
        machine.clear();
        assert!(machine.is_empty());
    }
}
