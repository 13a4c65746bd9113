//! promqltest: Prometheus' script language for tests of PromQL.
//!
//! In: a script, which loads series (`load`), forgets them (`clear`), and says what expressions give (`eval`). Out: how
//! many of its evals passed, which failed and how, which were skipped and why. As strict as Prometheus' own runner:
//! every instant query is run as a range query too, and with `@` at other times. Not here: files, colours, exit codes.
//!
//! Skipped, by name, is what needs more than [`crate::promql`] and [`crate::metrics`] have: native histograms, start
//! timestamps, functions and syntax that the parser refuses as unsupported. Whatever else is not as the script says
//! is a failure. The grammar is that of `promql/promqltest/README.md` in Prometheus' repository.
//!
//! ```
//! use glyph_analysis::promqltest::{self, Script};
//!
//! let script = Script::parse("load 1m\n  x_total 0+60x5\n\neval instant at 5m rate(x_total[5m])\n  {} 1\n")?;
//! let outcome = promqltest::run(&script, promqltest::engine());
//! assert_eq!(outcome.to_string(), "1 passed, 0 failed, 0 skipped");
//! # Ok::<(), promqltest::ScriptError>(())
//! ```

// From text to commands.
mod script;
mod eval;
mod expect;
mod series;
mod start;

// From commands to a verdict.
mod data;
mod check;
mod pin;
mod compare;
mod outcome;

pub use outcome::{Failure, Outcome, Skip};
pub use script::{Script, ScriptError};
pub(crate) use series::{Described, Point, describe};

use self::{check::check, data::Data, script::Command};
use crate::{metrics::Store, promql::Settings};

/// The settings of the engine that Prometheus runs these scripts with: names are removed at the end.
pub fn engine() -> Settings {
    Settings { delayed_name_removal: true, ..Settings::default() }
}

/// Runs a script from top to bottom.
pub fn run(script: &Script, settings: Settings) -> Outcome {
    let mut outcome = Outcome::default();
    let mut data = Data::default();
    for (line, command) in &script.commands {
        match command {
            Command::Clear => data = Data::default(),
            Command::Load(load) => outcome.failed.extend(data.load(load)),
            Command::Eval(eval) => outcome.add(*line, eval, check(eval, &data, settings)),
        }
    }
    outcome
}

/// The series that a script has at its end: those of its loads since the last `clear`.
///
/// # Errors
/// If there are native histograms among them, or samples that a database refuses.
pub fn loaded(script: &Script) -> Result<Store, ScriptError> {
    let mut data = Data::default();
    for (line, command) in &script.commands {
        let refused = match command {
            Command::Clear => {
                data = Data::default();
                None
            }
            Command::Load(load) => {
                let refused = data.load(load).into_iter().next();
                refused.map(|failure| ScriptError {
                    line: failure.line,
                    what: format!("{}: {}", failure.expr, failure.got),
                })
            }
            Command::Eval(_) => None,
        };
        let native = data
            .has_native()
            .then(|| ScriptError { line: *line, what: "native histograms are not supported".to_owned() });
        if let Some(error) = refused.or(native) {
            return Err(error);
        }
    }
    Ok(data.floats)
}

/// Puts a series in the scripts' notation, such as `x{a="b"} 1 2+1x3 _ stale`, into a store: one sample every `step`
/// milliseconds since the epoch.
///
/// # Errors
/// If it is no such notation, has native histograms, or the store refuses a sample.
pub fn load_series(text: &str, step: i64, store: &mut Store) -> Result<(), ScriptError> {
    data::load_series(text, step, store).map_err(|what| ScriptError { line: 1, what })
}
