//! Rules evaluated over a recording, at every multiple of their group's interval.

use rustc_hash::FxHashMap;

use super::{
    comparison::{Comparison, Watch},
    outcome::{Alert, Outcome},
    reach::{self, Leaf},
    record::{self, Written},
    rule::{Group, Kind, Rule, RuleFile},
    state::State,
    tracking::Tracking,
};
use crate::{
    metrics::{Labels, Store},
    promql::{Evaluator, Note, Query, Sample, Settings, Value},
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

/// A rule on its way through the recording.
struct Running<'r> {
    rule: &'r Rule,
    group: &'r Group,
    evaluator: Evaluator<'r>,
    written: Written,
    tracking: Option<Tracking>,
    watch: Option<Watch<'r>>,
    leaves: Vec<Leaf<'r>>,
    obstacle: Option<String>,
    problem: Option<String>,
    refused: usize,
}

/// Runs the rules over all that the store holds. What they record is added to it.
pub fn check(files: &[RuleFile], store: &mut Store) -> Check {
    let extent = store.extent();
    let (from, to) = extent.unwrap_or((0, 0));
    let groups: Vec<&Group> = files.iter().flat_map(|f| &f.groups).collect();
    let recorded: FxHashMap<&str, &Query> = groups
        .iter()
        .flat_map(|g| &g.rules)
        .filter(|r| !r.is_alert())
        .map(|r| (r.name.as_str(), &r.query))
        .collect();
    let compared = |rule: &Rule| rule.is_alert().then(|| Comparison::of(&rule.query, &recorded)).flatten();
    let comparisons: Vec<Vec<Option<Comparison>>> =
        groups.iter().map(|g| g.rules.iter().map(compared).collect()).collect();
    let mut running: Vec<Vec<Running<'_>>> = Vec::new();
    for (group, comparisons) in groups.iter().zip(&comparisons) {
        let rules = group.rules.iter().zip(comparisons);
        running.push(
            rules.map(|(rule, c)| Running::new(rule, group, c.as_ref(), &recorded, extent, store)).collect(),
        );
    }
    let ends = run(&groups, &mut running, (from, to), store);
    let mut check = Check {
        outcome: Outcome { from: from as f64 / 1e3, to: to as f64 / 1e3, alerts: Vec::new(), fired: false },
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    for (rules, end) in running.into_iter().zip(ends) {
        for rule in rules {
            rule.finish(end, store, &mut check);
        }
    }
    check.outcome.fired = check.outcome.alerts.iter().any(|a| a.state == State::Firing);
    check
}

/// Evaluates each group at every multiple of its interval. Gives each group's last evaluation, if it had one.
fn run(
    groups: &[&Group],
    running: &mut [Vec<Running<'_>>],
    (from, to): (i64, i64),
    store: &mut Store,
) -> Vec<Option<i64>> {
    let first = |group: &&Group| from.div_euclid(group.interval) * group.interval;
    let mut next: Vec<i64> =
        groups.iter().map(|g| if first(g) < from { first(g) + g.interval } else { first(g) }).collect();
    let mut last = vec![None; groups.len()];
    // Of groups that are due at the same time, the earlier in the files goes first.
    while let Some((due, time)) = next.iter().copied().enumerate().min_by_key(|(i, time)| (*time, *i)) {
        if time > to {
            break;
        }
        running[due].iter_mut().for_each(|rule| rule.step(time, store));
        last[due] = Some(time);
        next[due] += groups[due].interval;
    }
    last
}

impl<'r> Running<'r> {
    fn new(
        rule: &'r Rule,
        group: &'r Group,
        comparison: Option<&'r Comparison>,
        recorded: &FxHashMap<&str, &'r Query>,
        extent: Option<(i64, i64)>,
        store: &Store,
    ) -> Self {
        let leaves = reach::leaves(&rule.query, recorded);
        let (tracking, hold) = match rule.kind {
            Kind::Recording => (None, 0),
            Kind::Alerting { hold, keep_firing, .. } => (Some(Tracking::new(hold, keep_firing)), hold),
        };
        let obstacle = match extent {
            Some((from, to)) => reach::obstacle(&leaves, hold, to - from, store),
            None => Some("the recording has no samples".to_owned()),
        };
        Self {
            rule,
            group,
            evaluator: Evaluator::new(&rule.query, Settings::default()),
            written: Written::default(),
            tracking,
            watch: comparison.map(Comparison::watch),
            leaves,
            obstacle,
            problem: None,
            refused: 0,
        }
    }

    /// One evaluation. A rule that fails has no result then, as in Prometheus, and says so at the end.
    fn step(&mut self, time: i64, store: &mut Store) {
        if let Err(problem) = self.try_step(time, store) {
            let (group, rule) = (&self.group.name, &self.rule.name);
            self.problem.get_or_insert_with(|| format!("group {group:?}, rule {rule:?}: {problem}"));
        }
    }

    fn try_step(&mut self, time: i64, store: &mut Store) -> Result<(), String> {
        let at = time - self.group.query_offset;
        let samples = match self.evaluator.instant(store, at).map_err(|e| e.to_string())? {
            Value::Vector(samples) => samples,
            Value::Scalar(value) => vec![Sample::new(Labels::empty(), value)],
            Value::Range(_) | Value::Text(_) => {
                return Err("the result is no vector and no scalar".to_owned());
            }
        };
        if let Some(watch) = &mut self.watch {
            watch.step(store, at);
        }
        if self.group.limit > 0 && samples.len() > self.group.limit {
            return Err(format!("exceeded limit of {} with {} series", self.group.limit, samples.len()));
        }
        let series = match &mut self.tracking {
            Some(tracking) => {
                tracking.step(self.rule, time, &samples)?;
                record::alerts(self.rule, &tracking.machine)
            }
            None => record::recorded(self.rule, samples),
        };
        self.refused += self.written.write(store, at, series);
        Ok(())
    }

    fn finish(self, end: Option<i64>, store: &Store, check: &mut Check) {
        let (group, rule) = (&self.group.name, self.rule);
        let told = |note: &Note| format!("group {group:?}, rule {:?}: {}", rule.name, note.text);
        check.warnings.extend(self.evaluator.notes().iter().map(told));
        if self.refused > 0 {
            check.warnings.push(format!(
                "group {group:?}, rule {:?}: the recording has its series already; {} samples of it were kept instead",
                rule.name, self.refused
            ));
        }
        check.problems.extend(self.problem);
        let Some(tracking) = self.tracking else { return };
        let obstacle = match end {
            None => self.obstacle.or_else(|| Some("no evaluation falls into the recording".to_owned())),
            Some(_) => self.obstacle,
        };
        let alerts: Vec<Alert> =
            tracking.finish(rule, end.unwrap_or(0), self.watch.as_ref(), &self.leaves, obstacle, store);
        check.outcome.alerts.extend(alerts);
    }
}
