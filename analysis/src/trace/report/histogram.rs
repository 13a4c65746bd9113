//! How durations are spread, finely enough to be drawn on a logarithmic scale.
//!
//! Buckets are the same for all histograms, so that they can be drawn below each other: eight to each power of two, of
//! equal width on the scale. (Those of an HDR histogram are of equal width in nanoseconds within a power, which a
//! logarithmic picture shows as teeth.)

use std::ops::RangeInclusive;

/// Buckets to a power of two.
pub const PER_POWER: usize = 8;

/// All there are.
pub const BUCKETS: usize = 64 * PER_POWER;

/// `2^(63 + k/8)`, rounded up: where the buckets of the greatest power begin.
const BOUNDS: [u64; PER_POWER] = [
    0x8000_0000_0000_0000,
    0x8b95_c1e3_ea8b_d6e7,
    0x9837_f051_8db8_a970,
    0xa5fe_d6a9_b151_38eb,
    0xb504_f333_f9de_6485,
    0xc567_2a11_5506_dade,
    0xd744_fcca_d69d_6af5,
    0xeac0_c6e7_dd24_392f,
];

/// How many durations there are in each bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, duration_ns: u64) {
        self.0[bucket(duration_ns)] += 1;
    }

    /// How many are in each bucket.
    pub fn counts(&self) -> &[u64] {
        &self.0
    }

    /// The first and the last bucket with something in it; none without durations.
    pub fn range(&self) -> Option<RangeInclusive<usize>> {
        let first = self.0.iter().position(|count| *count > 0)?;
        let last = self.0.iter().rposition(|count| *count > 0)?;
        Some(first..=last)
    }
}

/// The bucket of a duration; no time counts as a nanosecond.
pub fn bucket(duration_ns: u64) -> usize {
    let ns = duration_ns.max(1);
    let power = ns.ilog2();
    let aligned = ns << (63 - power);
    let within = BOUNDS[1..].iter().filter(|bound| **bound <= aligned).count();
    power as usize * PER_POWER + within
}

/// The shortest duration that a bucket can have, in nanoseconds: `2^(bucket/8)`, rounded up. The buckets of few
/// nanoseconds have none between this and the next one's.
///
/// # Panics
/// If there is no such bucket.
pub fn lower_bound(bucket: usize) -> u64 {
    let power = bucket / PER_POWER;
    let bound = BOUNDS[bucket % PER_POWER];
    (u128::from(bound)).div_ceil(1_u128 << (63 - power)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_power_of_two_begins_a_bucket() {
        for power in 0..64 {
            assert_eq!(bucket(1 << power), power * PER_POWER);
            assert_eq!(lower_bound(power * PER_POWER), 1 << power);
        }
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BUCKETS - 1));
    }

    #[test]
    fn bounds_are_where_the_scale_has_them() {
        for bucket in 10 * PER_POWER..50 * PER_POWER {
            let exact = (bucket as f64 / PER_POWER as f64).exp2();
            let bound = lower_bound(bucket) as f64;
            assert!(bound >= exact && bound < exact + 1.0 + exact * 1e-12, "{bucket}: {bound} for {exact}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_is_in_the_bucket_that_it_reaches(ns in 1_u64.., shift in 0_u32..60) {
            let ns = (ns >> shift).max(1);
            let bucket = bucket(ns);
            prop_assert!(lower_bound(bucket) <= ns);
            prop_assert!(bucket + 1 == BUCKETS || ns < lower_bound(bucket + 1));
        }

        #[test]
        fn all_that_is_added_is_counted_once(durations in prop::collection::vec(any::<u32>(), 0..50)) {
            let mut histogram = Histogram::default();
            durations.iter().for_each(|ns| histogram.add(u64::from(*ns)));
            prop_assert_eq!(histogram.counts().iter().sum::<u64>(), durations.len() as u64);
            let buckets = durations.iter().map(|ns| bucket(u64::from(*ns)));
            let range = buckets.clone().min().zip(buckets.max()).map(|(first, last)| first..=last);
            prop_assert_eq!(histogram.range(), range);
        }
    }
}
