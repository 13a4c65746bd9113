//! A test file from its series to its verdicts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Instant,
};

use glyph_formats::jsonl::input::Progress;
use rayon::prelude::*;

use super::{Failure, Input, Test, TestFile, TestOutcome, Verdict, alerts::Played, samples};
use crate::{
    metrics::{self, Store},
    promql::{Query, Settings},
    promqltest::Point,
    rules::{
        RuleError,
        rule::Group,
        run::{self, Plan, Times, World},
    },
};

/// Which samples a range takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranges {
    /// Not one at its left end: Prometheus 3.
    LeftOpen,
    /// One at its left end, too: Prometheus 2.
    Closed,
    /// Either: a test passes if it does so with one of both.
    Either,
}

/// What came of a file: itself and its tests, or why it can't be used.
pub type Outcome = Result<(TestFile, Vec<TestOutcome>), Vec<RuleError>>;

/// Loads and runs files side by side. `told` is given what came of each, in their order, as soon as that is known.
pub fn run_files(
    paths: &[PathBuf],
    ranges: Ranges,
    chosen: &(dyn Fn(&str) -> bool + Sync),
    told: &mut dyn FnMut(&Path, Outcome),
) {
    let (send, receive) = crossbeam_channel::unbounded();
    rayon::in_place_scope(|scope| {
        for (i, path) in paths.iter().enumerate() {
            let send = send.clone();
            scope.spawn(move |_| {
                let outcome = super::load(path).map(|file| {
                    let tests = run(&file, ranges, chosen);
                    (file, tests)
                });
                // Nobody listens any more if telling has panicked.
                let _sent = send.send((i, outcome));
            });
        }
        drop(send);
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (i, outcome) in receive {
            early.insert(i, outcome);
            while let Some(outcome) = early.remove(&next) {
                told(&paths[next], outcome);
                next += 1;
            }
        }
    });
}

/// Runs the tests of a file that are chosen by their names, side by side. Verdicts stand in the order of the tests; those
/// that are not chosen have none.
pub fn run(file: &TestFile, ranges: Ranges, chosen: &(dyn Fn(&str) -> bool + Sync)) -> Vec<TestOutcome> {
    let tests: Vec<&Test> = file.tests.iter().filter(|test| chosen(&test.name)).collect();
    let plan = OnceLock::new();
    let plan = || plan.get_or_init(|| self::plan(file));
    tests
        .into_par_iter()
        .map(|test| {
            let start = Instant::now();
            let play = |closed| play(test, file, plan(), closed);
            let verdict = match (ranges, play(ranges == Ranges::Closed)) {
                (Ranges::Either, Verdict::Failed(failures)) => match play(true) {
                    Verdict::Passed => Verdict::PassedClosed,
                    _ => Verdict::Failed(failures),
                },
                (_, verdict) => verdict,
            };
            TestOutcome {
                name: test.name.clone(),
                is_named: test.is_named,
                line: test.line,
                verdict,
                seconds: start.elapsed().as_secs_f64(),
            }
        })
        .collect()
}

/// The order of the rules, which is the same for all tests.
fn plan(file: &TestFile) -> Plan<'_> {
    let place = |group: &&Group| file.order.iter().position(|name| *name == group.name).unwrap_or(0);
    let mut groups: Vec<&Group> = file.rules.iter().flat_map(|rules| &rules.groups).collect();
    groups.sort_by_key(place);
    let readers: Vec<&Query> = file.tests.iter().flat_map(|t| &t.exprs).map(|test| &test.query).collect();
    Plan::new(groups, &readers).arriving()
}

fn play(test: &Test, file: &TestFile, plan: &Plan<'_>, closed_ranges: bool) -> Verdict {
    if let Some(why) = test.needs_native() {
        return Verdict::Skipped(why);
    }
    let times = test.alerts.iter().map(|t| t.eval_time).chain(test.exprs.iter().map(|t| t.eval_time));
    let longest = times.max().unwrap_or(0);
    let step = file.evaluation_interval;
    let (mut store, start) = match test.store(longest - longest % step, step) {
        Ok(ready) => ready,
        Err(what) => return Verdict::Broken(what),
    };
    let world = World {
        external_labels: test.external_labels.clone(),
        external_url: test.external_url.clone(),
        settings: Settings { subquery_step: step, closed_ranges, ..Settings::default() },
    };
    let times = Times::within(start, start + longest, step, start);
    let histories = run::run(plan, &vec![times; plan.groups.len()], &mut store, &world);
    let rules = plan.groups.iter().zip(&histories).flat_map(|(group, of)| group.rules.iter().zip(of));
    let played = Played { rules: rules.collect(), world: &world, store: &store, start };

    // promtool ends a test with the first evaluation in which a rule fails.
    let errors: Vec<_> = played
        .rules
        .iter()
        .filter_map(|(rule, history)| {
            let refused = history.refused.map(|refused| (refused.first, refused.why.to_string()));
            let first = history.error.clone().into_iter().chain(refused).min_by_key(|(time, _)| *time);
            first.map(|(time, what)| (&rule.name, time, what))
        })
        .collect();
    let ended = errors.iter().map(|(_, time, _)| *time).min();
    let mut failures = Vec::new();
    let mut tests: Vec<_> = test.alerts.iter().collect();
    tests.sort_by_key(|test| test.eval_time);
    for expected in tests {
        let evaluated = start + expected.eval_time - expected.eval_time % step;
        if ended.is_none_or(|ended| evaluated < ended) {
            failures.extend(played.check(expected, evaluated));
        }
    }
    for (rule, time, what) in errors.into_iter().filter(|(_, time, _)| Some(*time) == ended) {
        failures.push(Failure::Rule { rule: rule.clone(), time: time - start, what });
    }
    if ended.is_none() {
        let checked = |e| samples::check(e, &store, start + e.eval_time, world.settings, file.fuzzy);
        failures.extend(test.exprs.iter().filter_map(checked));
    }
    if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) }
}

impl Test {
    fn needs_native(&self) -> Option<String> {
        let Input::Series(series) = &self.input else { return None };
        let has_native = series.iter().any(|series| series.points.contains(&Point::Histogram));
        let expects = self.exprs.iter().any(|test| test.needs_native);
        (has_native || expects).then(|| "native histograms are not supported".to_owned())
    }

    /// The samples up to the last evaluation, as promtool loads them, and the time from which all others count.
    fn store(&self, last: i64, step: i64) -> Result<(Store, i64), String> {
        match &self.input {
            Input::Series(series) => {
                let start = self.start.unwrap_or(0);
                let mut store = Store::new();
                for series in series {
                    let id = store.id_of(&series.labels);
                    for (i, point) in series.points.iter().enumerate() {
                        let since = self.interval.saturating_mul(i as i64);
                        if since > last {
                            break;
                        }
                        if let Point::Float(value) = point {
                            store.push(id, start + since, *value).map_err(|_| "samples out of order")?;
                        }
                    }
                }
                Ok((store, start))
            }
            Input::Recording(path) => {
                let read = || {
                    let files = metrics::files_of(path)?;
                    metrics::read(&files, &Progress::default())
                };
                let store = read().map_err(|e| format!("input_recording: {e}"))?.store;
                let (first, _) = store.extent().ok_or("input_recording: it has no samples")?;
                Ok((store, self.start.unwrap_or(first - first.rem_euclid(step))))
            }
        }
    }
}
