//! What came of a test.

use std::collections::BTreeMap;

use super::{Told, difference::Difference};
use crate::{promql::Sample, rules::state::State};

/// What came of a test.
#[derive(Debug)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// Whether it has a name of its own.
    pub is_named: bool,
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// The verdict on a test.
#[derive(Debug)]
pub enum Verdict {
    /// All is as it says.
    Passed,
    /// All is as it says, but only where ranges take in a sample at their left end, as before Prometheus 3.
    PassedClosed,
    /// Something is not.
    Failed(Vec<Failure>),
    /// It needs what there is not.
    Skipped(String),
    /// It can't be run: what it needs can't be read.
    Broken(String),
}

/// Something that is not as a test says. Times are in milliseconds since the test's start.
#[derive(Debug)]
pub enum Failure {
    /// Other alerts than expected.
    Alerts {
        /// The line that expects them.
        line: u64,
        /// Their name.
        alertname: String,
        /// When.
        time: i64,
        /// Firing or pending.
        state: State,
        /// All that should be.
        expected: Vec<Told>,
        /// All that are.
        got: Vec<Told>,
        /// What is different.
        differences: Vec<Difference>,
    },
    /// An alert that must not be.
    Present {
        /// The line that says so.
        line: u64,
        /// Its name.
        alertname: String,
        /// When.
        time: i64,
        /// The labels that it must not have.
        labels: BTreeMap<String, String>,
        /// What it is.
        state: State,
        /// The alert.
        got: Told,
    },
    /// Other samples than expected.
    Samples {
        /// The line that expects them.
        line: u64,
        /// The expression.
        expr: String,
        /// When.
        time: i64,
        /// All that should be.
        expected: Vec<Sample>,
        /// All that are.
        got: Vec<Sample>,
    },
    /// An expression without a value.
    Expr {
        /// The line of the test.
        line: u64,
        /// The expression.
        expr: String,
        /// When.
        time: i64,
        /// What is wrong.
        what: String,
    },
    /// A rule that can't be evaluated.
    Rule {
        /// Its name.
        rule: String,
        /// When.
        time: i64,
        /// What is wrong.
        what: String,
    },
}
