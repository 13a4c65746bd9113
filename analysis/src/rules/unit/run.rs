//! A test file from its series to its verdicts.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use glyph_formats::jsonl::input::Progress;

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
pub type Outcome<'f> = Result<(&'f TestFile, Vec<TestOutcome>), &'f [RuleError]>;

/// Loads files and runs their tests, all side by side. `told` is given what came of each file, in their order, as soon as
/// that is known. Verdicts stand in the order of the tests; those that are not chosen by their names have none.
pub fn run_files(
    paths: &[PathBuf],
    ranges: Ranges,
    chosen: &dyn Fn(&str) -> bool,
    told: &mut dyn FnMut(&Path, Outcome<'_>),
) {
    let mut loaded: Vec<_> = paths.iter().map(|_| Ok(TestFile::default())).collect();
    spread(paths, |path| super::load(path), &mut |i, file| loaded[i] = file);
    let files: Vec<_> = loaded.iter().map(|file| file.as_ref().map_err(Vec::as_slice)).collect();
    run_loaded(&files, ranges, chosen, &mut |i, outcome| told(&paths[i], outcome));
}

/// Runs the tests of one file, as [`run_files`] does.
pub fn run(file: &TestFile, ranges: Ranges, chosen: &dyn Fn(&str) -> bool) -> Vec<TestOutcome> {
    let mut found = Vec::new();
    run_loaded(&[Ok(file)], ranges, chosen, &mut |_, outcome| {
        found = outcome.map(|(_, tests)| tests).unwrap_or_default();
    });
    found
}

/// A test, the file that it is of, and its place among those that are chosen there.
type Job<'f> = (usize, usize, &'f Test);

fn run_loaded(
    files: &[Result<&TestFile, &[RuleError]>],
    ranges: Ranges,
    chosen: &dyn Fn(&str) -> bool,
    told: &mut dyn FnMut(usize, Outcome<'_>),
) {
    let mut jobs: Vec<Job<'_>> = Vec::new();
    let mut found: Vec<Vec<Option<TestOutcome>>> = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let tests = file.iter().flat_map(|file| &file.tests).filter(|test| chosen(&test.name));
        let first = jobs.len();
        jobs.extend(tests.enumerate().map(|(t, test)| (i, t, test)));
        found.push((first..jobs.len()).map(|_| None).collect());
    }
    let plans: Vec<OnceLock<Plan<'_>>> = files.iter().map(|_| OnceLock::new()).collect();
    // With one test, its series are what can be worked on side by side.
    let one_thread = jobs.len() > 1;
    let job = |(i, t, test): &Job<'_>| {
        let Ok(file) = files[*i] else { return None };
        let outcome = judge(test, file, plans[*i].get_or_init(|| plan(file)), ranges, one_thread);
        Some((*i, *t, outcome))
    };
    let mut next = 0;
    let mut tell = |found: &mut Vec<Vec<Option<TestOutcome>>>| {
        while next < files.len() && found[next].iter().all(Option::is_some) {
            let tests = std::mem::take(&mut found[next]).into_iter().flatten().collect();
            told(next, files[next].map(|file| (file, tests)));
            next += 1;
        }
    };
    tell(&mut found);
    spread(&jobs, job, &mut |_, outcome| {
        if let Some((i, t, outcome)) = outcome {
            found[i][t] = Some(outcome);
            tell(&mut found);
        }
    });
}

/// Does something with each item, on all cores; `done` is given the place of an item and what came of it, in the order in
/// which that comes. These are threads of their own: one of rayon's that waits begins something else meanwhile, and would
/// have one test within the other.
fn spread<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync, done: &mut dyn FnMut(usize, R)) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let (send, receive) = crossbeam_channel::unbounded();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (send, next, of) = (send.clone(), &next, &of);
            scope.spawn(move || {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { return };
                    // Nobody listens any more if `done` has panicked.
                    if send.send((i, of(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        receive.iter().for_each(|(i, result)| done(i, result));
    });
}

fn judge(test: &Test, file: &TestFile, plan: &Plan<'_>, ranges: Ranges, one_thread: bool) -> TestOutcome {
    let start = Instant::now();
    let play =
        |closed_ranges| play(test, file, plan, Settings { closed_ranges, one_thread, ..Settings::default() });
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
}

/// The order of the rules, which is the same for all tests.
fn plan(file: &TestFile) -> Plan<'_> {
    let place = |group: &&Group| file.order.iter().position(|name| *name == group.name).unwrap_or(0);
    let mut groups: Vec<&Group> = file.rules.iter().flat_map(|rules| &rules.groups).collect();
    groups.sort_by_key(place);
    let readers: Vec<&Query> = file.tests.iter().flat_map(|t| &t.exprs).map(|test| &test.query).collect();
    Plan::new(groups, &readers).arriving()
}

fn play(test: &Test, file: &TestFile, plan: &Plan<'_>, settings: Settings) -> Verdict {
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
        settings: Settings { subquery_step: step, ..settings },
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
