//! Random expressions over random series, evaluated by Prometheus 2.42 (Debian's) and by us.
//!
//! The server is told the series by remote write, stale markers among them. [`changes`] lists in what later versions,
//! which we follow, differ from that one; any other difference fails the test, shrunk to a script. The tests here are
//! reproducible. By hand, another beginning and more expressions:
//!
//! ```sh
//! GLYPH_DIFFERENTIAL=seed:count cargo test --release -p glyph-analysis --test it differential
//! ```
//!
//! Here and not with the command line's tests: what is compared are values, not what is printed.

mod answer;
mod changes;
mod edges;
mod generate;
pub(crate) mod http;
mod remote_write;
mod script;
pub(crate) mod server;
mod shrink;
mod world;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use glyph_analysis::{
    metrics::Store,
    promql::{ExprKind, Query, ast::AggregateOp},
};
use rand::{SeedableRng, rngs::StdRng};

use self::{
    answer::{Answer, When},
    changes::Case,
    generate::Generator,
    http::Client,
    server::Server,
    world::World,
};

/// Where to begin and how many expressions, unless told.
const USUAL: (u64, usize) = (1, 3_000);
/// How many expressions are evaluated over one world.
const PER_WORLD: usize = 1_500;
/// How many differences are shrunk; the others are listed.
const SHRUNK: usize = 5;

#[test]
fn random_expressions_have_the_values_that_prometheus_gives_them() {
    let (seed, count) = match std::env::var("GLYPH_DIFFERENTIAL") {
        Ok(told) => {
            let (seed, count) = told.split_once(':').expect("GLYPH_DIFFERENTIAL=seed:count");
            (seed.parse().unwrap(), count.parse().unwrap())
        }
        Err(_) => USUAL,
    };
    let mut tally = Tally::default();
    for (i, begin) in (0..count).step_by(PER_WORLD).enumerate() {
        let seed = seed + i as u64;
        let expressions = (0..PER_WORLD.min(count - begin)).flat_map(|i| {
            let mut generator = Generator::new(seed << 32 | i as u64);
            let expr = generator.expression();
            generator.times().map(|when| (expr.clone(), when))
        });
        let world = World::random(&mut StdRng::seed_from_u64(seed));
        let Some(found) = compare(&world, changes::in_old_words, &expressions.collect::<Vec<_>>()) else {
            return;
        };
        tally.add(found);
    }
    eprintln!("{} answers, {} with something in them", tally.asked, tally.telling);
    for (name, (count, why)) in &tally.explained {
        eprintln!("{count} differ by {name}: {why}");
    }
    assert!(
        tally.differences.is_empty(),
        "{} differences\n\n{}",
        tally.differences.len(),
        tally.differences.join("\n")
    );
    // Else it would say little.
    assert!(
        tally.telling * 10 >= tally.asked * 6,
        "{} of {} answers are empty",
        tally.asked - tally.telling,
        tally.asked
    );
}

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    asked: usize,
    /// Answers with something in them.
    telling: usize,
    /// Differences by the change that explains them: how many, and what it is.
    explained: BTreeMap<&'static str, (usize, &'static str)>,
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.telling += other.telling;
        for (name, (count, why)) in other.explained {
            self.explained.entry(name).or_insert((0, why)).0 += count;
        }
        self.differences.extend(other.differences);
    }
}

/// Both evaluators over one world.
struct Trial<'a> {
    world: &'a World,
    store: Store,
    client: Mutex<Client>,
    /// Makes of an expression what the server is to be asked.
    rewrite: fn(&str) -> String,
}

impl<'a> Trial<'a> {
    fn new(world: &'a World, server: &Server, rewrite: fn(&str) -> String) -> Self {
        Self { world, store: world.store(), client: Mutex::new(server.client()), rewrite }
    }

    /// What Prometheus says, and what we say.
    fn answers(&self, expr: &str, when: When) -> (Answer, Answer) {
        let theirs = answer::theirs(&mut self.client.lock().unwrap(), &(self.rewrite)(expr), when);
        (theirs, answer::ours(&self.store, expr, when))
    }

    /// The answers, if they differ and no change explains it.
    fn difference(&self, expr: &str, when: When) -> Option<(Answer, Answer)> {
        let (theirs, ours) = self.answers(expr, when);
        let explained = || changes::explains(&Case { store: &self.store, expr, when, ours: &ours }).is_some();
        (!theirs.is_same(&ours, is_sorted(expr)) && !explained()).then_some((theirs, ours))
    }

    /// The same over another world.
    fn elsewhere<T>(&self, world: &World, then: impl FnOnce(&Trial<'_>) -> T) -> T {
        let server = Server::start(world).unwrap();
        then(&Trial::new(world, &server, self.rewrite))
    }
}

/// Whether the order of the elements is asked for.
fn is_sorted(expr: &str) -> bool {
    Query::parse(expr).is_ok_and(|query| match &query.expr.kind {
        ExprKind::Call(call) => call.function.name.starts_with("sort"),
        ExprKind::Aggregate(a) => {
            [AggregateOp::Topk, AggregateOp::Bottomk].contains(&a.op)
                && !a.grouping.without
                && a.grouping.labels.is_empty()
        }
        _ => false,
    })
}

/// Asks both; none if there is no Prometheus.
fn compare(world: &World, rewrite: fn(&str) -> String, questions: &[(String, When)]) -> Option<Tally> {
    let server = Server::start(world)?;
    let next = AtomicUsize::new(0);
    let work = || {
        let trial = Trial::new(world, &server, rewrite);
        let (mut tally, mut different) = (Tally::default(), Vec::new());
        while let Some((expr, when)) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (theirs, ours) = trial.answers(expr, *when);
            tally.asked += 1;
            tally.telling += usize::from(theirs.says_something());
            if theirs.is_same(&ours, is_sorted(expr)) {
                continue;
            }
            match changes::explains(&Case { store: &trial.store, expr, when: *when, ours: &ours }) {
                Some(change) => tally.explained.entry(change.name).or_insert((0, change.why)).0 += 1,
                None => different.push((expr.clone(), *when)),
            }
        }
        (tally, different)
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let (mut tally, mut different) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let (part, found) = thread.join().unwrap();
            tally.add(part);
            different.extend(found);
        }
    });
    different.sort_by_key(|(expr, _)| expr.len());
    let trial = Trial::new(world, &server, rewrite);
    for (i, (expr, when)) in different.into_iter().enumerate() {
        tally.differences.push(match i < SHRUNK {
            true => shrunk(&trial, expr, when),
            false => format!("also {when:?} {expr}\n"),
        });
    }
    Some(tally)
}

fn shrunk(trial: &Trial<'_>, expr: String, when: When) -> String {
    let (world, expr, when) = shrink::shrink(trial, expr, when);
    trial.elsewhere(&world, |trial| {
        let (theirs, ours) = trial.answers(&expr, when);
        script::script(&world, &expr, when, &theirs, &ours)
    })
}
