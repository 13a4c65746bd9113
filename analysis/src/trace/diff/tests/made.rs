//! Made-up traces: three names with lognormal durations.

use glyph_formats::TraceId;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::trace::diff::{Observation, Sample, Side};

pub(super) type Spans = Vec<Observation<'static>>;

/// Traces that can be changed before they are a side.
pub(super) struct Made {
    pub(super) traces: Vec<(TraceId, Spans)>,
}

/// A side of these traces.
pub(super) fn side(traces: impl IntoIterator<Item = (TraceId, Spans)>) -> Side {
    Side::of(vec![Sample::collect(traces)], None)
}

/// Two sides of the same kind, of which the new one is changed.
pub(super) fn sides(traces: usize, seed: u64, change: impl FnOnce(&mut Made)) -> (Side, Side) {
    let base = Made::new(traces, 2 * seed).side();
    let mut new = Made::new(traces, 2 * seed + 1);
    change(&mut new);
    (base, new.side())
}

impl Made {
    pub(super) fn new(traces: usize, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut trace = || {
            let id = TraceId::new(u128::from(random.next_u64()) + 1).unwrap();
            let spans = [("load", 8e6, 0.8), ("render", 20e6, 0.4), ("store", 5e6, 1.0)];
            (
                id,
                spans
                    .map(|(name, median, sigma)| Self::span(name, lognormal(&mut random, median, sigma)))
                    .to_vec(),
            )
        };
        Self { traces: (0..traces).map(|_| trace()).collect() }
    }

    pub(super) fn span(name: &'static str, duration_ns: u64) -> Observation<'static> {
        Observation { service: "s", name, duration_ns, is_error: false }
    }

    pub(super) fn sample(&self) -> Sample {
        Sample::collect(self.traces.iter().cloned())
    }

    pub(super) fn side(&self) -> Side {
        Side::of(vec![self.sample()], None)
    }

    /// Lets spans take so many times as long.
    pub(super) fn slower(&mut self, name: &str, factor: f64) {
        for span in self.traces.iter_mut().flat_map(|(_, spans)| spans).filter(|span| span.name == name) {
            span.duration_ns = (span.duration_ns as f64 * factor) as u64;
        }
    }

    /// Lets that share of spans fail.
    pub(super) fn failing(&mut self, name: &str, share: f64) {
        let every = (1.0 / share) as usize;
        for (t, (_, spans)) in self.traces.iter_mut().enumerate() {
            spans.iter_mut().filter(|span| span.name == name).for_each(|span| span.is_error = t % every == 0);
        }
    }

    /// Gives one trace in so many a span of that name.
    pub(super) fn only_in_every(&mut self, every: usize, name: &'static str) {
        for (_, spans) in self.traces.iter_mut().step_by(every) {
            spans.push(Self::span(name, 1_000_000));
        }
    }
}

fn lognormal(random: &mut Xoshiro256PlusPlus, median: f64, sigma: f64) -> u64 {
    let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let normal = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (median * (sigma * normal).exp()) as u64
}
