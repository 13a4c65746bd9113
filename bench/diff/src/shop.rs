//! Made-up traces of a shop.

use glyph_analysis::trace::diff::{Observation, Sample};
use glyph_formats::TraceId;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

/// The name whose tail may grow.
pub(crate) const GROWN: &str = "cart.load";

/// Name, median in milliseconds, σ of the logarithm, how many spans a trace on average, share that fails.
const SPANS: [(&str, f64, f64, f64, f64); 12] = [
    ("GET /cart", 60.0, 0.5, 1.0, 0.004),
    ("GET /items", 25.0, 0.8, 1.0, 0.001),
    ("auth.check", 2.0, 0.3, 1.0, 0.0),
    (GROWN, 8.0, 1.0, 1.0, 0.002),
    ("cart.store", 12.0, 0.9, 1.0, 0.01),
    ("prices.lookup", 4.0, 0.7, 3.0, 0.0),
    ("stock.lookup", 6.0, 1.0, 2.0, 0.003),
    ("render", 15.0, 0.4, 1.0, 0.0),
    ("mail.send", 40.0, 1.0, 0.5, 0.02),
    ("db.query", 1.5, 1.0, 4.0, 0.0005),
    ("cache.get", 0.4, 0.6, 2.0, 0.0),
    ("audit.write", 3.0, 0.8, 1.0, 0.0),
];

/// From so many σ above the median on, durations may grow: about the longest sixth.
const TAIL: f64 = 1.0;

/// How much of the variance of a duration's logarithm is its trace's.
const IN_COMMON: f64 = 0.3;

/// Makes traces, always the same of a seed.
pub(crate) struct Shop {
    random: Xoshiro256PlusPlus,
    growth: f64,
}

impl Shop {
    /// A shop in which the longest durations of [`GROWN`], and so its p95, are greater by so many per cent.
    pub(crate) fn new(seed: u64, percent: u64) -> Self {
        Self { random: Xoshiro256PlusPlus::seed_from_u64(seed), growth: 1.0 + percent as f64 / 100.0 }
    }

    /// So many traces.
    pub(crate) fn sample(mut self, traces: u64) -> Sample {
        Sample::collect((0..traces).filter_map(|_| self.trace()))
    }

    fn trace(&mut self) -> Option<(TraceId, Vec<Observation<'static>>)> {
        let id = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64()) | 1;
        let in_common = self.normal();
        let mut spans = Vec::new();
        for (name, median_ms, sigma, mean, fails) in SPANS {
            for _ in 0..self.count(mean) {
                let normal = IN_COMMON.sqrt() * in_common + (1.0 - IN_COMMON).sqrt() * self.normal();
                let growth = if name == GROWN && normal > TAIL { self.growth } else { 1.0 };
                let duration_ns = (median_ms * 1e6 * growth * (sigma * normal).exp()) as u64;
                let is_error = self.uniform() < fails;
                spans.push(Observation { service: "shop", name, duration_ns, is_error });
            }
        }
        Some((TraceId::new(id)?, spans))
    }

    /// A whole number with that mean.
    fn count(&mut self, mean: f64) -> u64 {
        if mean == 1.0 { 1 } else { (mean * 2.0 * self.uniform()).round() as u64 }
    }

    fn uniform(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
