//! Two sets of rules over the same recording: what the new ones change, alert by alert.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Alert, Outcome};
use crate::rules::state::State;

/// What new rules change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Changes {
    /// Each alert of either, those that changed most first.
    pub alerts: Vec<Change>,
    /// How many are not the same.
    pub changed: usize,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// The rule's name.
    pub alert: String,
    /// The labels, without the rule's name.
    pub labels: BTreeMap<String, String>,
    /// In one word.
    pub change: Changed,
    /// What it was by the old rules, if they have it.
    pub old: Option<Side>,
    /// What it is by the new ones, if they have it.
    pub new: Option<Side>,
}

/// What becomes of an alert, in one word; of several that apply, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It fires, and did not.
    FiresNow,
    /// It fired, and does not.
    FiresNoMore,
    /// It fires sooner.
    FiresEarlier,
    /// It fires later.
    FiresLater,
    /// It fires for longer.
    FiresLonger,
    /// It fires for a shorter time.
    FiresShorter,
    /// It goes to another state without firing: pending, and was not, or the other way.
    OtherState,
    /// It never fires, and its rule is new.
    Added,
    /// It never fired, and its rule is gone.
    Removed,
    /// It is what it was.
    Same,
}

/// What an alert is by one set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Side {
    /// The furthest that it came: `inactive`, `pending`, `firing`; or `undecided`.
    #[schemars(with = "String")]
    pub state: State,
    /// When it first fired, in seconds since the epoch.
    pub first_firing: Option<f64>,
    /// For how long it fired in all, in seconds.
    pub firing_seconds: f64,
}

impl Side {
    fn of(alert: &Alert) -> Self {
        let firing = alert.intervals.iter().find(|i| i.state == State::Firing);
        Self { state: alert.state, first_firing: firing.map(|i| i.start), firing_seconds: alert.firing() }
    }
}

/// A rule's name, and an alert's labels.
type Called<'a> = (&'a str, &'a BTreeMap<String, String>);

/// What an alert is by the old rules, and by the new ones.
type Sides = (Option<Side>, Option<Side>);

/// Holds the outcome of new rules against that of old ones.
pub fn compare(old: &Outcome, new: &Outcome) -> Changes {
    let mut all: BTreeMap<Called<'_>, Sides> = BTreeMap::new();
    for alert in &old.alerts {
        all.entry((&alert.alert, &alert.labels)).or_default().0 = Some(Side::of(alert));
    }
    for alert in &new.alerts {
        all.entry((&alert.alert, &alert.labels)).or_default().1 = Some(Side::of(alert));
    }
    // A rule that had no result has one entry, whose labels are a guess: it stands for none where there are real ones.
    let is_guess = |side: &Option<Side>| {
        side.as_ref().is_some_and(|s| s.first_firing.is_none() && s.state == State::Inactive)
    };
    let rules = |outcome: &Outcome, name: &str| outcome.alerts.iter().any(|alert| alert.alert == name);
    let mut alerts: Vec<Change> = Vec::new();
    for ((alert, labels), (was, is)) in all {
        let moved = (was.is_none() && rules(old, alert) && is_guess(&is))
            || (is.is_none() && rules(new, alert) && is_guess(&was));
        if moved {
            continue;
        }
        let change = changed(was.as_ref(), is.as_ref(), rules(old, alert), rules(new, alert));
        alerts.push(Change { alert: alert.to_owned(), labels: labels.clone(), change, old: was, new: is });
    }
    alerts.sort_by_key(|change| change.change);
    let changed = alerts.iter().filter(|change| change.change != Changed::Same).count();
    Changes { alerts, changed }
}

fn changed(old: Option<&Side>, new: Option<&Side>, was_there: bool, is_there: bool) -> Changed {
    let first = |side: Option<&Side>| side.and_then(|s| s.first_firing);
    match (first(old), first(new)) {
        (None, Some(_)) => return Changed::FiresNow,
        (Some(_), None) => return Changed::FiresNoMore,
        (Some(old), Some(new)) if new < old => return Changed::FiresEarlier,
        (Some(old), Some(new)) if new > old => return Changed::FiresLater,
        _ => {}
    }
    let lasted = |side: Option<&Side>| side.map_or(0.0, |s| s.firing_seconds);
    let state = |side: Option<&Side>| side.map_or(State::Inactive, |s| s.state);
    if lasted(new) > lasted(old) {
        Changed::FiresLonger
    } else if lasted(new) < lasted(old) {
        Changed::FiresShorter
    } else if !was_there {
        Changed::Added
    } else if !is_there {
        Changed::Removed
    } else if state(old) != state(new) {
        Changed::OtherState
    } else {
        Changed::Same
    }
}
