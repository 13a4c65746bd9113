//! Rules over a recording: which alerts would have fired, when, and how close the others came.
//!
//! In: rule files and a [`Store`]. Out: an [`Outcome`]. Groups are evaluated at every multiple of their interval since the
//! epoch. Not here: the evaluation itself ([`super::run`] does that), reading metrics, the command line.

// What can be said of a rule before it is run.
mod comparison;
mod reach;

// What is said of it afterwards.
mod judge;
mod exemplars;
mod limits;
mod compare;
mod outcome;

use rustc_hash::FxHashMap;

pub use self::{
    compare::{Change, Changed, Changes, Side, compare},
    limits::{FailOn, Limits, Violation},
    outcome::{Alert, ExemplarFound, Interval, Outcome},
};
use self::{comparison::Comparison, judge::Judge, reach::Leaf};
use super::{
    rule::{Group, Kind, Rule, RuleFile},
    run::{self, History, Plan, Times, World},
    state::State,
};
use crate::{
    metrics::Store,
    promql::{Query, Settings},
};

/// What came of a check.
#[derive(Debug)]
pub struct Check {
    /// The verdict.
    pub outcome: Outcome,
    /// Rules that failed at some evaluation: what is said of them may be wrong.
    pub problems: Vec<String>,
    /// What Prometheus would warn of, and what else is odd.
    pub warnings: Vec<String>,
}

/// How a recording is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The first time at which rules may be evaluated, in milliseconds since the epoch; by default that of the first sample.
    pub from: Option<i64>,
    /// The last; by default that of the last sample.
    pub to: Option<i64>,
    /// Whether ranges take in a sample at their left end, as before Prometheus 3.
    pub closed_ranges: bool,
}

/// Runs the rules over what the store holds. What they record is added to it.
pub fn check(files: &[RuleFile], store: &mut Store, options: Options) -> Check {
    let extent = store.extent();
    let (first, last) = extent.unwrap_or((0, 0));
    let (from, to) = (options.from.unwrap_or(first), options.to.unwrap_or(last));
    let settings = Settings { closed_ranges: options.closed_ranges, ..Settings::default() };
    let world = World { settings, ..World::default() };
    let placed = || files.iter().flat_map(|f| f.groups.iter().map(move |group| (f.path.as_path(), group)));
    let groups: Vec<&Group> = placed().map(|(_, group)| group).collect();
    let times: Vec<Times> = groups.iter().map(|g| Times::within(from, to, g.interval, 0)).collect();
    let recorded: FxHashMap<&str, &Query> = groups
        .iter()
        .flat_map(|g| &g.rules)
        .filter(|r| !r.is_alert())
        .map(|r| (r.name.as_str(), &r.query))
        .collect();
    // Before anything is recorded: what is missing may be what a rule would have recorded.
    let mut prepared = Vec::new();
    for rule in groups.iter().flat_map(|g| &g.rules) {
        let leaves = reach::leaves(&rule.query, &recorded);
        let obstacle = match (extent, &rule.kind) {
            (_, Kind::Recording) => None,
            (Some(_), Kind::Alerting { hold, .. }) => {
                // What lies before the window is there to be looked back at, but no alert pends in it.
                let look_back = to - first;
                reach::obstacle(&leaves, *hold, (look_back, to - from), store)
            }
            (None, _) => Some("the recording has no samples".to_owned()),
        };
        prepared.push(Prepared { leaves, obstacle });
    }
    let plan = Plan::new(groups.clone(), &[]);
    let histories = run::run(&plan, &times, store, &world);
    let outcome = Outcome {
        from: from as f64 / 1e3,
        to: to as f64 / 1e3,
        alerts: Vec::new(),
        fired: false,
        changes: None,
    };
    let mut check = Check { outcome, problems: Vec::new(), warnings: Vec::new() };
    let mut prepared = prepared.into_iter();
    for (((path, group), times), histories) in placed().zip(&times).zip(histories) {
        let judge = Judge { path, store, world: &world, group, times: *times };
        for ((rule, history), prepared) in group.rules.iter().zip(histories).zip(prepared.by_ref()) {
            check.tell(group, rule, &history);
            if rule.is_alert() {
                let comparison = Comparison::of(&rule.query, &recorded);
                check.outcome.alerts.extend(judge.alerts(rule, history, prepared, comparison.as_ref()));
            }
        }
    }
    check.outcome.fired = check.outcome.alerts.iter().any(|a| a.state == State::Firing);
    check
}

/// What is known of a rule before it is run.
struct Prepared<'r> {
    leaves: Vec<Leaf<'r>>,
    obstacle: Option<String>,
}

impl Check {
    fn tell(&mut self, group: &Group, rule: &Rule, history: &History) {
        let place = format!("group {:?}, rule {:?}", group.name, rule.name);
        self.warnings.extend(history.notes.iter().map(|note| format!("{place}: {}", note.text)));
        if let Some(refused) = history.refused {
            self.warnings.push(format!(
                "{place}: the recording has its series already; {} samples of it were kept instead",
                refused.count
            ));
        }
        self.problems.extend(history.error.as_ref().map(|(_, what)| format!("{place}: {what}")));
    }
}
