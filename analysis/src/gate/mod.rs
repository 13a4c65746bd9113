//! The gate: what a recording has to hold to, and whether it does.
//!
//! In: a [`Config`] and a recording's directory. Out: a [`Judgement`]: checks with their number, their limit and the
//! traces to look at, and one verdict over all. Each section (integrity, alerts, budgets, findings, traces, replay) is a function
//! from what was read or compared to checks; a new section is one more. Not here: artifacts, the comparisons with another run
//! themselves, the command line, how a verdict is printed.

// What is asked.
pub mod config;
mod quantity;

// What there is.
pub mod recorded;

// What comes of it.
pub mod judgement;
pub mod integrity;
pub mod alerts;
pub mod budget;
pub mod findings;
pub mod traces;
pub mod replay;

// What could be asked from now on.
pub mod proposal;

pub use config::{Config, ConfigError};
pub use findings::Found;
pub use judgement::{Check, Figure, Judgement, Pointer, Section, Skipped, State, Unit, Word};
pub use recorded::{Files, Recorded, RecordedError};
