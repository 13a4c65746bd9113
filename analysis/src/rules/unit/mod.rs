//! Tests of rules: promtool's format, and what there is beyond it.
//!
//! In: a test file, which names rules, writes down series, and says which alerts there are and what expressions give. Out: a
//! verdict on each of its tests. Beyond promtool, alerts may be expected to be pending, or not to be, and series may be
//! what was recorded. Not here: colours, exit codes, XML.
//!
//! The format is that of `docs/configuration/unit_testing_rules.md` in Prometheus' repository.

// From a file to tests.
mod raw;
mod file;

// From a test to a verdict.
mod run;
mod alerts;
mod samples;
mod difference;
mod outcome;

use std::{collections::BTreeMap, path::PathBuf};

pub use self::{
    difference::{Difference, Field},
    file::load,
    outcome::{Failure, TestOutcome, Verdict},
    run::{Outcome, Ranges, run, run_files},
};
use super::{rule::RuleFile, state::State};
use crate::{
    metrics::Labels,
    promql::{Query, Sample},
    promqltest::Point,
};

/// A test file.
#[derive(Debug, Default)]
pub struct TestFile {
    /// Where it was read.
    pub path: PathBuf,
    /// The rules that are tested.
    pub rules: Vec<RuleFile>,
    /// How often they are evaluated, in milliseconds, whatever their groups say.
    pub evaluation_interval: i64,
    /// Groups in the order in which they are evaluated; those that are not here stand with the first.
    pub order: Vec<String>,
    /// Whether numbers may differ in their last bit.
    pub fuzzy: bool,
    /// Its tests.
    pub tests: Vec<Test>,
    /// What is odd, though it is no error.
    pub warnings: Vec<String>,
}

/// A test.
#[derive(Debug)]
pub struct Test {
    /// Its name, or one that is made of its number.
    pub name: String,
    /// Whether it has a name of its own.
    pub is_named: bool,
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// How far apart the samples of its series are, in milliseconds.
    interval: i64,
    /// The time from which all others count, in milliseconds since the epoch.
    start: Option<i64>,
    input: Input,
    alerts: Vec<AlertTest>,
    exprs: Vec<ExprTest>,
    external_labels: Labels,
    external_url: String,
}

/// Where samples come from.
#[derive(Debug)]
enum Input {
    /// The test.
    Series(Vec<Series>),
    /// A recording, or a file of metrics.
    Recording(PathBuf),
}

/// A series that is written down.
#[derive(Debug)]
struct Series {
    labels: Labels,
    points: Vec<Point>,
}

/// Which alerts there are at a time.
#[derive(Debug)]
struct AlertTest {
    line: u64,
    /// In milliseconds since the start.
    eval_time: i64,
    alertname: String,
    /// Firing or pending.
    state: State,
    /// All that are in that state.
    expected: Option<Vec<Told>>,
    /// Labels of which no alert has all.
    absent: Vec<BTreeMap<String, String>>,
}

/// What an expression gives at a time.
#[derive(Debug)]
struct ExprTest {
    line: u64,
    /// In milliseconds since the start.
    eval_time: i64,
    query: Query,
    expected: Vec<Sample>,
    /// Whether native histograms are expected, which there are not.
    needs_native: bool,
}

/// An alert as a test sees it. Labels are without `alertname`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it tells people.
    pub annotations: BTreeMap<String, String>,
}
