//! Rules evaluated over series, each at its group's times.
//!
//! In: groups in the order of their evaluation, when each is evaluated, and a [`Store`]. Out: what became of each rule, and in
//! the store what they recorded. A rule that looks only at what was recorded before it is evaluated at all its times at
//! once; the others, which [`plan`] finds, one time after the other. Not here: what anybody makes of it.

// The order.
mod plan;

// One rule, from what its expression gives to what it does.
mod running;
mod results;
mod recording;
mod alerting;
mod filling;

// What became of it.
mod history;

pub(in crate::rules) use self::{
    alerting::{ALERT_NAME, ALERTS, FOR_STATE},
    filling::fill,
    history::{AlertHistory, History, Span},
    plan::Plan,
    results::vector_of,
};
use self::{plan::Stage, running::Running};

use crate::{
    metrics::{Labels, Store},
    promql::Settings,
};

/// A group's evaluations: `count` of them, the first at `first`, then every `step` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) first: i64,
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Times {
    /// Those that lie in `from..=to` and are multiples of a step since `origin`.
    pub(super) fn within(from: i64, to: i64, step: i64, origin: i64) -> Self {
        let since = from.saturating_sub(origin);
        let late = since.rem_euclid(step);
        let first = if late == 0 { from } else { from + (step - late) };
        let count = if first > to { 0 } else { (to - first) / step + 1 };
        Self { first, step, count: count as usize }
    }

    /// The time of an evaluation.
    pub(super) fn at(self, k: usize) -> i64 {
        self.first + self.step * k as i64
    }

    /// The last.
    pub(super) fn last(self) -> Option<i64> {
        self.count.checked_sub(1).map(|k| self.at(k))
    }
}

/// What all rules have in common.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) external_labels: Labels,
    pub(crate) external_url: String,
    pub(crate) settings: Settings,
}

impl Default for World {
    fn default() -> Self {
        Self { external_labels: Labels::empty(), external_url: String::new(), settings: Settings::default() }
    }
}

/// Evaluates groups, the earlier before the later at the same time. Gives what became of each rule of each group.
pub(super) fn run(plan: &Plan<'_>, times: &[Times], store: &mut Store, world: &World) -> Vec<Vec<History>> {
    let mut running: Vec<Vec<Running<'_>>> = plan
        .groups
        .iter()
        .zip(times)
        .map(|(group, times)| {
            group.rules.iter().map(|rule| Running::new(rule, group, *times, plan, world)).collect()
        })
        .collect();
    let mut later = plan.needs_order(store).then(|| store.rewind());
    let in_order = later.is_some();
    for stage in plan.stages(in_order) {
        match stage {
            Stage::Whole(group, rule) => running[group][rule].whole(store),
            Stage::Steps(rules) => {
                let mut clock = Clock::new(times, &rules);
                while let Some((group, k)) = clock.next() {
                    let time = times[group].at(k);
                    if let Some(later) = &mut later {
                        // What a rule has recorded stands; promtool takes no such input either.
                        let refused = store.advance(later, time);
                        if let Err(refusal) = refused {
                            running[group].iter_mut().for_each(|rule| rule.refuse(time, refusal));
                        }
                    }
                    let due = rules.iter().filter(|(g, _)| *g == group);
                    due.for_each(|(_, rule)| running[group][*rule].step(k, store));
                }
            }
        }
    }
    running.into_iter().map(|rules| rules.into_iter().map(Running::finish).collect()).collect()
}

/// Which group is due next.
struct Clock<'t> {
    times: &'t [Times],
    /// For each group that takes part, how often it was evaluated.
    groups: Vec<(usize, usize)>,
}

impl<'t> Clock<'t> {
    fn new(times: &'t [Times], rules: &[(usize, usize)]) -> Self {
        let mut groups: Vec<(usize, usize)> = rules.iter().map(|(group, _)| (*group, 0)).collect();
        groups.dedup();
        Self { times, groups }
    }

    /// The next group and the number of its evaluation. Of groups that are due at the same time, the earlier first.
    fn next(&mut self) -> Option<(usize, usize)> {
        let waiting = self.groups.iter_mut().filter(|(group, k)| *k < self.times[*group].count);
        let (group, k) = waiting.min_by_key(|(group, k)| (self.times[*group].at(*k), *group))?;
        let due = (*group, *k);
        *k += 1;
        Some(due)
    }
}
