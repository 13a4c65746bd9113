//! How long exchanges took, recorded and new, in two histograms.

use std::{cmp::Ordering, fmt};

use glyph_formats::Flow;
use hdrhistogram::Histogram;

use super::summary::{Latencies, Quantiles, Ratios, duration_ns};

/// Three digits are exact.
const DIGITS: u8 = 3;

/// Durations of exchanges that were answered on both sides.
#[derive(Default)]
pub(super) struct Latency {
    recorded: Durations,
    new: Durations,
}

/// Durations in a histogram. Begins to take memory with the first value, and has at most half a megabyte of it.
#[derive(Default)]
pub struct Durations {
    histogram: Option<Histogram<u64>>,
    max: u64,
}

impl Latency {
    pub(super) fn add(&mut self, recorded: &Flow, new: &Flow) {
        if recorded.response.is_some() && new.response.is_some() {
            self.add_ns(duration_ns(recorded), duration_ns(new));
        }
    }

    pub(super) fn add_ns(&mut self, recorded: u64, new: u64) {
        self.recorded.add(recorded);
        self.new.add(new);
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        self.recorded.absorb(&other.recorded);
        self.new.absorb(&other.new);
    }

    pub(super) fn told(&self) -> Option<Latencies> {
        let (recorded, new) = (self.recorded.told()?, self.new.told()?);
        let ratio = |of: fn(&Quantiles) -> u64| match (of(&recorded), of(&new)).cmp(&(0, 0)) {
            Ordering::Equal => 1.0,
            // A duration of nothing is a nanosecond at most.
            _ => of(&new) as f64 / of(&recorded).max(1) as f64,
        };
        let ratio = Ratios {
            p50: ratio(|q| q.p50_ns),
            p90: ratio(|q| q.p90_ns),
            p99: ratio(|q| q.p99_ns),
            max: ratio(|q| q.max_ns),
        };
        Some(Latencies { recorded, new, ratio })
    }
}

impl Durations {
    /// Adds one, in nanoseconds.
    pub fn add(&mut self, ns: u64) {
        self.max = self.max.max(ns);
        if self.histogram.is_none() {
            self.histogram = Histogram::new(DIGITS).ok();
        }
        if let Some(histogram) = &mut self.histogram {
            // It grows with its values, up to all that there are.
            histogram.record(ns).ok();
        }
    }

    /// Takes all of another one.
    pub fn absorb(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        match (&mut self.histogram, &other.histogram) {
            (Some(own), Some(other)) => own.add(other).ok().unwrap_or_default(),
            (own @ None, Some(other)) => *own = Some(other.clone()),
            (_, None) => {}
        }
    }

    /// Their quantiles; none if there are none.
    pub fn told(&self) -> Option<Quantiles> {
        let histogram = self.histogram.as_ref()?;
        let at = |q: f64| histogram.value_at_quantile(q).min(self.max);
        Some(Quantiles {
            count: histogram.len(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            max_ns: self.max,
        })
    }
}

impl fmt::Debug for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Durations").field(&self.told()).finish()
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Latency").field(&self.told()).finish()
    }
}
