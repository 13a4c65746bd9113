//! What came of many comparisons: counted, grouped by place, and of each group the first examples.
//!
//! In: pairs of exchanges with what differs between them, and exchanges that stand alone. Out: a verdict and a
//! [`Summary`]. What is held does not grow with the number of exchanges.

mod latency;
mod quick;
mod sending;
mod summary;

use glyph_formats::Flow;

use self::latency::Latency;
pub use self::summary::{
    Differing, Example, Exchange, Group, Latencies, LeftOutCount, Quantiles, Ratios, Side, Stray, Summary,
    Verdict,
};
pub use self::{
    latency::Durations,
    sending::{Failures, Lateness, NotSent, SecretsSent, Sending},
};
use super::comparison::Comparison;

/// Collects what comes of comparisons. One for each thread can be made one with [`Report::absorb`]; what it tells does not
/// depend on the order in which it was told.
#[derive(Debug, Default)]
pub struct Report {
    compared: u64,
    different: u64,
    missing: u64,
    extra: u64,
    latency: Latency,
    sending: Option<Sending>,
}

impl Report {
    /// A report on nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came of comparing these two.
    pub fn add(&mut self, recorded: &Flow, new: &Flow, comparison: &Comparison) {
        self.compared += 1;
        self.different += u64::from(!comparison.is_same());
        self.latency.add(recorded, new);
    }

    /// A recorded exchange that has none beside it.
    pub fn add_missing(&mut self, _recorded: &Flow) {
        self.missing += 1;
    }

    /// A new exchange that was not recorded.
    pub fn add_extra(&mut self, _new: &Flow) {
        self.extra += 1;
    }

    /// Takes all of another one.
    pub fn absorb(&mut self, other: Self) {
        self.compared += other.compared;
        self.different += other.different;
        self.missing += other.missing;
        self.extra += other.extra;
        self.latency.absorb(&other.latency);
        self.sending = self.sending.take().or(other.sending);
    }

    /// How many pairs were compared.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Whether something differs, is missing or was not recorded.
    pub fn diverged(&self) -> bool {
        self.different + self.missing + self.extra > 0
    }

    /// What it comes to. Where nothing could be compared, nothing is the same.
    pub fn verdict(&self) -> Verdict {
        match (self.compared, self.diverged()) {
            (0, _) => Verdict::Nothing,
            (_, true) => Verdict::Different,
            (_, false) => Verdict::Same,
        }
    }

    /// All of it as plain data.
    pub fn summary(&self) -> Summary {
        Summary {
            verdict: self.verdict(),
            compared: self.compared,
            same: self.compared - self.different,
            different: self.different,
            missing: self.missing,
            extra: self.extra,
            left_out: Vec::new(),
            groups: Vec::new(),
            more_differences: 0,
            exchanges: Vec::new(),
            missing_exchanges: Vec::new(),
            extra_exchanges: Vec::new(),
            latency: self.latency.told(),
            sending: self.sending.clone(),
        }
    }
}
