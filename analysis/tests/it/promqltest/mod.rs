//! Runs promqltest scripts: `load` some series, `eval` an expression, compare.
//!
//! In: a script. Out: what of it passed, failed, and was skipped because it needs what is not supported (native
//! histograms above all). Its own part is small; it is here to hold the evaluator to Prometheus' own tests.

mod compare;
mod script;
mod series;

use std::fmt;

use glyph_analysis::{
    metrics::Store,
    promql::{Evaluator, Expr, ExprKind, Query, Settings},
};

use self::script::{Command, Eval, Script};

/// What came of a script.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<String>,
    pub(crate) skipped: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len())
    }
}

/// Puts a series in the scripts' notation into a store.
pub(crate) fn load_series(text: &str, step: i64, store: &mut Store) {
    series::load(text, step, store, &mut Store::new());
}

/// Runs a script.
pub(crate) fn run(text: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut store, mut histograms) = (Store::new(), Store::new());
    for (line, command) in Script::parse(text).commands {
        match command {
            Command::Clear => (store, histograms) = (Store::new(), Store::new()),
            Command::Load { step, series } => {
                for text in series::last_of_each(&series) {
                    series::load(text, step, &mut store, &mut histograms);
                }
            }
            Command::LoadWithHistograms { step, series } => {
                for text in series::last_of_each(&series) {
                    series::load(text, step, &mut store, &mut histograms);
                    series::note_histogram(text, &mut histograms);
                }
            }
            Command::Eval(eval) => match check(&eval, &store, &histograms) {
                Verdict::Passed => outcome.passed += 1,
                Verdict::Failed(why) => outcome.failed.push(format!("line {line}: {}: {why}", eval.expr)),
                Verdict::Skipped(why) => outcome.skipped.push(format!("line {line}: {}: {why}", eval.expr)),
            },
        }
    }
    outcome
}

enum Verdict {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

fn check(eval: &Eval, store: &Store, histograms: &Store) -> Verdict {
    if eval.expected.iter().any(|line| line.contains("{{") || line.contains("{count:")) {
        return Verdict::Skipped("native histograms");
    }
    let query = match Query::parse(&eval.expr) {
        Ok(query) => query,
        Err(e) if e.what.starts_with("unsupported: ") => return Verdict::Skipped("unsupported"),
        Err(_) if eval.fails => return Verdict::Passed,
        Err(e) => return Verdict::Failed(format!("does not parse: {e}")),
    };
    if selects(&query.expr, histograms) {
        return Verdict::Skipped("native histograms");
    }
    let settings = Settings { delayed_name_removal: true, ..Settings::default() };
    let mut evaluator = Evaluator::new(&query, settings);
    let compared = match eval.steps {
        None => match evaluator.instant(store, eval.at) {
            Ok(value) if !eval.fails => compare::instant(eval, value),
            result => compare::failure(eval, result.map(drop)),
        },
        Some((end, step)) => match evaluator.range(store, eval.at, end, step) {
            Ok(series) if !eval.fails => compare::range(eval, &series, end, step),
            result => compare::failure(eval, result.map(drop)),
        },
    };
    match compared.and_then(|()| compare::notes(eval, evaluator.notes())) {
        Ok(()) => Verdict::Passed,
        Err(why) => Verdict::Failed(why),
    }
}

/// Whether a selector of the expression names a series that the store could not take.
fn selects(expr: &Expr, histograms: &Store) -> bool {
    let own = match &expr.kind {
        ExprKind::Selector(s) | ExprKind::Range { selector: s, .. } => {
            !histograms.select(&s.matchers).is_empty()
        }
        _ => false,
    };
    own || expr.children().into_iter().any(|child| selects(child, histograms))
}
