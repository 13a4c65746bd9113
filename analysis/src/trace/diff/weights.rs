//! How often each block of traces counts in each resample: Poisson(1), independently.
//!
//! The bootstrap draws traces with replacement; that of Poisson weights gives each trace a number of its own instead, so
//! that a resample needs no list of what was drawn (Chamandy, Muralidharan, Najmi, Naidu: "Estimating Uncertainty for
//! Massive Data Streams", 2012). Whole traces are drawn, never spans: what belongs together stays so.

use glyph_formats::TraceId;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

/// How many blocks traces are sorted into, by a hash of their id. Up to about as many traces, a block is a trace; more share
/// theirs, so that memory and time have a limit.
pub(super) const BLOCKS: usize = 1 << 12;

/// How many resamples there are.
pub(super) const RESAMPLES: usize = 1_000;

/// A block's weights, one for each resample.
pub(super) type Row = [u8; RESAMPLES];

/// The weights of every block.
pub(super) struct Weights(Vec<u8>);

impl Weights {
    /// Those of a seed. The same everywhere.
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let limits = limits();
        let mut weights = Vec::with_capacity(BLOCKS * RESAMPLES);
        while weights.len() < BLOCKS * RESAMPLES {
            let two = random.next_u64();
            weights.extend([two as u32, (two >> 32) as u32].map(|uniform| poisson(uniform, &limits)));
        }
        Self(weights)
    }

    /// Those of a block.
    pub(super) fn of_block(&self, block: u16) -> &Row {
        &self.0.as_chunks().0[usize::from(block)]
    }

    /// What a sum over blocks is in each resample.
    pub(super) fn sums(&self, of_blocks: impl Iterator<Item = (u16, u64)>) -> Vec<f64> {
        let mut sums = vec![0.0; RESAMPLES];
        for (block, value) in of_blocks {
            let value = value as f64;
            for (sum, weight) in sums.iter_mut().zip(self.of_block(block)) {
                *sum += value * f64::from(*weight);
            }
        }
        sums
    }
}

/// The block of a trace.
pub(super) fn block(trace_id: TraceId) -> u16 {
    // Ids are random in part only, if at all: every bit of them counts (the finalizer of SplitMix64).
    let id = trace_id.get();
    let mut bits = (id >> 64) as u64 ^ (id as u64).rotate_left(32);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> (u64::BITS - BLOCKS.trailing_zeros())) as u16
}

/// From where on a uniform number of 32 bits is one more.
fn limits() -> [u32; 12] {
    let mut probability = (-1.0_f64).exp();
    let mut sum = 0.0;
    std::array::from_fn(|k| {
        sum += probability;
        probability /= (k + 1) as f64;
        (sum * f64::from(u32::MAX)) as u32
    })
}

fn poisson(uniform: u32, limits: &[u32]) -> u8 {
    limits.iter().take_while(|limit| uniform >= **limit).count() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_mean_and_variance_one() {
        let weights = Weights::of(7);
        let n = weights.0.len() as f64;
        let mean = weights.0.iter().map(|w| f64::from(*w)).sum::<f64>() / n;
        let variance = weights.0.iter().map(|w| (f64::from(*w) - mean).powi(2)).sum::<f64>() / n;
        assert!((mean - 1.0).abs() < 0.005 && (variance - 1.0).abs() < 0.01, "{mean} {variance}");
        assert_ne!(weights.0, Weights::of(8).0);
    }

    #[test]
    fn ids_that_count_up_are_spread_over_the_blocks() {
        let mut used = [0_u32; BLOCKS];
        for id in 1..=40_960_u128 {
            used[usize::from(block(TraceId::new(id << 64).unwrap()))] += 1;
        }
        let most = used.iter().max().unwrap();
        assert!(used.iter().filter(|n| **n > 0).count() > 4_080 && *most < 40, "{most}");
    }
}
