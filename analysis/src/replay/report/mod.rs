//! What came of many comparisons: counted, grouped by place, and of each group the first examples.
//!
//! In: pairs of exchanges with what differs between them, and exchanges that stand alone. Out: a verdict and a
//! [`Summary`]. What is held does not grow with the number of exchanges.

mod first;
mod groups;
mod latency;
mod quick;
mod sending;
mod strays;
mod summary;

use std::collections::BTreeMap;

use glyph_formats::Flow;

pub use self::summary::{
    Differing, Example, Exchange, Group, Latencies, LeftOutCount, Quantiles, Ratios, Side, Stray, Summary,
    Verdict,
};
use self::{first::First, groups::Groups, latency::Latency, strays::Strays};
pub use self::{
    latency::Durations,
    sending::{Failures, Lateness, NotSent, SecretsSent, Sending},
};
use super::comparison::{Comparison, LeftOut};

/// Exchanges that differ are told so many.
const EXCHANGES: usize = 100;
/// Of one exchange so many differences.
const DIFFERENCES: usize = 20;

/// Collects what comes of comparisons. One for each thread can be made one with [`Report::absorb`]; what it tells does not
/// depend on the order in which it was told.
#[derive(Debug)]
pub struct Report {
    compared: u64,
    different: u64,
    left_out: BTreeMap<LeftOut, u64>,
    groups: Groups,
    exchanges: First<Differing>,
    missing: Strays,
    extra: Strays,
    latency: Latency,
    sending: Option<Sending>,
}

impl Report {
    /// A report on nothing.
    pub fn new() -> Self {
        Self {
            compared: 0,
            different: 0,
            left_out: BTreeMap::new(),
            groups: Groups::default(),
            exchanges: First::of(EXCHANGES),
            missing: Strays::default(),
            extra: Strays::default(),
            latency: Latency::default(),
            sending: None,
        }
    }

    /// Takes what came of comparing these two.
    pub fn add(&mut self, recorded: &Flow, new: &Flow, comparison: &Comparison) {
        self.compared += 1;
        comparison.left_out.iter().for_each(|what| self.leave_out(*what));
        self.latency.add(recorded, new);
        if comparison.is_same() {
            return;
        }
        self.different += 1;
        let exchange = || Exchange::of(recorded, new);
        self.groups.add(comparison, recorded.sequence, exchange);
        self.exchanges.add(recorded.sequence, || {
            let shown = comparison.differences.len().min(DIFFERENCES);
            Differing {
                exchange: exchange(),
                recorded: Side::of(recorded),
                new: Side::of(new),
                differences: comparison.differences[..shown].to_vec(),
                more: comparison.more + (comparison.differences.len() - shown) as u64,
            }
        });
    }

    /// A recorded exchange that has none beside it.
    pub fn add_missing(&mut self, recorded: &Flow) {
        self.missing.add(recorded);
    }

    /// A new exchange that was not recorded.
    pub fn add_extra(&mut self, new: &Flow) {
        self.extra.add(new);
    }

    /// Counts something that could not be compared.
    pub fn leave_out(&mut self, what: LeftOut) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// Takes all of another one.
    pub fn absorb(&mut self, other: Self) {
        self.compared += other.compared;
        self.different += other.different;
        other.left_out.into_iter().for_each(|(what, count)| *self.left_out.entry(what).or_default() += count);
        self.groups.absorb(other.groups);
        self.exchanges.absorb(other.exchanges);
        self.missing.absorb(other.missing);
        self.extra.absorb(other.extra);
        self.latency.absorb(&other.latency);
        self.sending = self.sending.take().or(other.sending);
    }

    /// How many pairs were compared.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many pairs differ.
    pub fn different(&self) -> u64 {
        self.different
    }

    /// How many recorded exchanges have none beside them.
    pub fn missing(&self) -> u64 {
        self.missing.count
    }

    /// How many new exchanges were not recorded.
    pub fn extra(&self) -> u64 {
        self.extra.count
    }

    /// Whether something differs, is missing or was not recorded.
    pub fn diverged(&self) -> bool {
        self.different + self.missing.count + self.extra.count > 0
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
        let count = |(what, count): (&LeftOut, &u64)| LeftOutCount { what: *what, count: *count };
        Summary {
            verdict: self.verdict(),
            compared: self.compared,
            same: self.compared - self.different,
            different: self.different,
            missing: self.missing.count,
            extra: self.extra.count,
            left_out: self.left_out.iter().map(count).collect(),
            groups: self.groups.told(),
            more_differences: self.groups.more,
            exchanges: self.exchanges.iter().cloned().collect(),
            missing_exchanges: self.missing.told(&self.extra),
            extra_exchanges: self.extra.told(&self.missing),
            latency: self.latency.told(),
            sending: self.sending.clone(),
        }
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
