//! What came of a script.

use std::fmt;

use super::{check::Verdict, eval::Eval};

/// What came of a script. Printed, it is `N passed, M failed, K skipped`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// How many evals gave what they should.
    pub passed: usize,
    /// What did not, in the order of the script; loads of which samples were refused are among them.
    pub failed: Vec<Failure>,
    /// What could not be run.
    pub skipped: Vec<Skip>,
}

/// An eval, or a load, that did not do what it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The line of its command, or of the series; counted from 1.
    pub line: usize,
    /// The expression, or the series.
    pub expr: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub got: String,
    /// In which of its evaluations, if not in that which the script asks for.
    pub when: Option<String>,
}

/// An eval that needs what there is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Skip {
    /// The line of its command, counted from 1.
    pub line: usize,
    /// The expression.
    pub expr: String,
    /// What is missing: `native histograms`, for example.
    pub reason: String,
}

/// What should have come, and what came.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) expected: String,
    pub(super) got: String,
}

impl Difference {
    pub(super) fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { expected: expected.into(), got: got.into() }
    }
}

impl Outcome {
    pub(super) fn add(&mut self, line: usize, eval: &Eval, verdict: Verdict) {
        let expr = eval.expr.clone();
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Skipped(reason) => self.skipped.push(Skip { line, expr, reason }),
            Verdict::Failed { when, difference: Difference { expected, got } } => {
                self.failed.push(Failure { line, expr, expected, got, when });
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len())
    }
}

/// Without its line, which stands after the name of the file.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)?;
        if let Some(when) = &self.when {
            write!(f, " ({when})")?;
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

/// Without its line, which stands after the name of the file.
impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: needs {}", self.expr, self.reason)
    }
}
