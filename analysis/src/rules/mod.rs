//! Alert rules: over a recording, over hand-written series, and looked at for faults.
//!
//! In: rule files as Prometheus has them, and a [`crate::metrics::Store`]. Out: an [`Outcome`] of a check, the verdict of
//! tests, findings of a lint. Not here: reading metrics, PromQL itself, the command line.

// From a file to rules.
pub mod file;
pub mod rule;
pub mod template;
pub mod scale;

// Running them.
pub mod state;
mod run;

// What came of it: over a recording, and over what tests say.
mod check;
pub mod unit;

// What can't be meant in them.
pub mod lint;

pub use check::{
    Alert, Change, Changed, Changes, Check, ExemplarFound, FailOn, Interval, Limits, Options, Outcome, Side,
    Violation, check, compare,
};
pub use file::{RuleError, load};
pub use rule::{Group, Kind, Rule, RuleFile, Text};
pub use scale::Scale;
pub use state::State;
