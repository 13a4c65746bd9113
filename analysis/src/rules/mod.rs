//! Alert rules over a recording: which would have fired, when, and how close the others came.
//!
//! In: rule files as Prometheus has them, and a [`crate::metrics::Store`]. Out: an [`Outcome`]. Not here: reading
//! metrics, PromQL itself, the command line.

// From a file to rules.
pub mod file;
pub mod rule;
pub mod template;
pub mod scale;

// What can be said of a rule before it is run.
mod comparison;
mod reach;

// Running it.
pub mod state;
mod engine;
mod record;
mod tracking;
mod exemplars;

// What came of it.
pub mod outcome;

pub use engine::{Check, check};
pub use file::{RuleError, load};
pub use outcome::{Alert, ExemplarFound, Interval, Outcome};
pub use rule::{Group, Kind, Rule, RuleFile};
pub use scale::Scale;
pub use state::State;
