//! Two sets of traces compared: which spans got slower, fail more often, are called more often, are new or gone, and whether
//! that is more than noise.
//!
//! In: a [`Side`] each, of one or more runs, and [`Rule`]s. Out: a [`Diff`]. Not here: how it is printed.
//!
//! Traces are resampled (a bootstrap), since the spans of a trace hang together; all figures of all rows with the same
//! weights, so that one critical value for all of them keeps false alarms rare however many rows there are. A rule is broken
//! if a figure has grown by more than the rule allows *and* by more than noise.

// What is asked.
mod figure;
mod rule;

// From files to what is resampled.
mod weights;
mod sample;
mod pool;

// What a figure is, how sure that is, and how sure it has to be among many.
mod percentile;
mod estimate;
mod family;

// What comes of it.
mod answer;
mod note;
mod verdict;
mod calls;
mod compare;
pub mod told;

pub use answer::{Broken, ChangedCalls, Diff, DiffRow, Extent, Figures, Interval, NotEnough, Verdict};
pub use compare::{CompareError, compare};
pub use figure::{Figure, NoFigure, Unit};
pub use note::Note;
pub use pool::Side;
pub use rule::{Rule, RuleError};
pub use sample::{Observation, Sample, SpanName};

#[cfg(test)]
mod tests;
