//! Alerts as checks: one that fired is a failure, with the traces of its exemplars or of its time.

use glyph_formats::TraceId;

use super::judgement::{Check, Figure, Section, State, Unit};
use crate::{
    pivot::Suspects,
    rules::{self, Alert, Interval, Outcome, state::State as Alarm},
    text::{duration_of_seconds, short},
};

/// Makes checks of what came of the rules. Undecided alerts harm the verdict unless `allow_undecided`; rules that
/// failed do in any case.
pub fn judge(check: &rules::Check, allow_undecided: bool, suspects: &Suspects<'_>) -> Vec<Check> {
    let outcome = &check.outcome;
    let mut checks: Vec<Check> =
        outcome.alerts.iter().map(|alert| judged(alert, outcome, allow_undecided, suspects)).collect();
    for (i, problem) in check.problems.iter().enumerate() {
        let name = format!("fault {} of the rules", i + 1);
        checks.push(Check::plain(Section::Alerts, name, State::Undecided, problem.as_str()));
    }
    checks
}

fn judged(alert: &Alert, outcome: &Outcome, allow_undecided: bool, suspects: &Suspects<'_>) -> Check {
    let (state, mut message) = match alert.state {
        Alarm::Firing => (State::Fail, fired(alert, outcome.from)),
        Alarm::Undecided => (State::Undecided, alert.reason.clone().unwrap_or_default()),
        Alarm::Pending => (State::Pass, "pending, but did not fire".to_owned()),
        Alarm::Inactive => (State::Pass, "inactive".to_owned()),
    };
    let comparison = alert.peak.zip(alert.threshold).filter(|_| state != State::Undecided);
    if let Some((peak, threshold)) = comparison {
        message.push_str(&format!("; peak {}, threshold {}", short(peak), short(threshold)));
        if let Some(margin) = alert.margin {
            message.push_str(&format!(" ({} times)", short(margin)));
        }
    }
    let tolerated = state == State::Undecided && allow_undecided;
    if tolerated {
        message.push_str("; allow-undecided lets it pass");
    }
    let mut check = Check {
        value: alert.peak.map(Figure::Real),
        limit: alert.threshold.map(Figure::Real),
        unit: Unit::Value,
        tolerated,
        ..Check::plain(Section::Alerts, name(alert), state, message)
    };
    if state == State::Fail {
        check.name_traces(suspects, exemplars(alert));
        if !check.shown {
            let found = during(alert, suspects);
            if !found.is_empty() {
                check.name_traces(suspects, found);
            }
        }
    }
    check
}

fn name(alert: &Alert) -> String {
    let labels: Vec<_> = alert.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { alert.alert.clone() } else { format!("{}{{{}}}", alert.alert, labels.join(",")) }
}

/// When it fired, counted from the recording's beginning.
fn fired(alert: &Alert, from: f64) -> String {
    let mut times = alert.intervals.iter().filter(|i| i.state == Alarm::Firing);
    let Some(first) = times.next() else { return "fired".to_owned() };
    let more = match times.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (start, length) =
        (duration_of_seconds(first.start - from), duration_of_seconds(first.end - first.start));
    format!("fired at {start} for {length}{more}")
}

/// The traces that its exemplars name, each once.
fn exemplars(alert: &Alert) -> Vec<TraceId> {
    let mut ids: Vec<TraceId> = Vec::new();
    for id in alert.exemplars.iter().filter_map(|e| e.trace_id.as_ref()?.parse().ok()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// The traces that ran while it fired; if there are none, while it was about to.
fn during(alert: &Alert, suspects: &Suspects<'_>) -> Vec<TraceId> {
    let of = |state| {
        suspects.during(alert.intervals.iter().filter(move |interval: &&Interval| interval.state == state))
    };
    let found = of(Alarm::Firing);
    if found.is_empty() { of(Alarm::Pending) } else { found }
}

/// Of rule files that could not be used, nothing can be said.
pub fn not_all() -> Check {
    let message = "a rule file could not be used; what its alerts would do is not known";
    Check::plain(Section::Alerts, "rule files", State::Undecided, message)
}
