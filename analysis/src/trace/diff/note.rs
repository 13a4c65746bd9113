//! What has to be known about a comparison to trust it as far as it goes.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::pool::Side;
use crate::text::{counted, duration, grouped};

/// Something to know about the sides.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// A side has one run: what differs between runs as such, by the hour or the machine, looks like a difference.
    OneRun,
    /// The runs are of different lengths: counts and rates are not compared.
    Lengths {
        /// How long a run lasts on average, in nanoseconds.
        base_ns: u64,
        /// How long a run lasts on average, in nanoseconds.
        new_ns: u64,
    },
    /// Different shares of the traces were recorded: counts and rates are not compared.
    SampleRatios {
        /// The share, 0 to 1.
        base: f64,
        /// The share, 0 to 1.
        new: f64,
    },
    /// Spans start before the span of another service that called them.
    Clocks {
        /// How many.
        base: u64,
        /// How many.
        new: u64,
    },
}

/// Lengths that differ by less than this are the same.
const SAME_LENGTH: f64 = 0.1;

/// Of so many spans, one may start before what called it, and clocks are still taken to be the same.
const SAME_CLOCKS: u64 = 100;

/// Whether so many spans start before what called them that self time and critical path are not to be relied on.
pub(super) fn clocks_differ(side: &Side) -> bool {
    side.skewed() * SAME_CLOCKS > side.spans()
}

/// What there is to know.
pub(super) fn notes(base: &Side, new: &Side) -> Vec<Note> {
    let mut notes = Vec::new();
    if base.runs.len() == 1 || new.runs.len() == 1 {
        notes.push(Note::OneRun);
    }
    let length = |side: &Side| side.lasts_ns() / side.runs.len().max(1) as u64;
    let (base_ns, new_ns) = (length(base), length(new));
    if base_ns.abs_diff(new_ns) as f64 > SAME_LENGTH * base_ns.max(new_ns) as f64 {
        notes.push(Note::Lengths { base_ns, new_ns });
    }
    if let (Some(base), Some(new)) = (base.sample_ratio, new.sample_ratio)
        && base != new
    {
        notes.push(Note::SampleRatios { base, new });
    }
    if base.skewed() + new.skewed() > 0 {
        notes.push(Note::Clocks { base: base.skewed(), new: new.skewed() });
    }
    notes
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneRun => f.write_str(
                "one run a side is weak evidence: what differs between any two runs looks like a difference; with several a \
                 side, that counts",
            ),
            Self::Lengths { base_ns, new_ns } => write!(
                f,
                "a run of the base lasts {}, a new one {}: counts and rates are not compared, but spans a trace are",
                duration(*base_ns),
                duration(*new_ns)
            ),
            Self::SampleRatios { base, new } => write!(
                f,
                "{}% of the base's traces were recorded, {}% of the new ones: counts and rates are not compared, but spans a trace \
                 are",
                100.0 * base,
                100.0 * new
            ),
            Self::Clocks { base, new } => write!(
                f,
                "clocks differ: {} of the base and {} new start before what called them; where it is more than 1%, \
                 self time and critical path are not judged",
                counted(*base, "span"),
                grouped(*new)
            ),
        }
    }
}
