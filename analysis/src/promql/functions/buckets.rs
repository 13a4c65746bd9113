//! Quantiles and fractions of classic histogram buckets, as Prometheus computes them.

use crate::promql::value::almost_equal;

/// A bucket: its upper bound and how many observations are not above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub(super) bound: f64,
    pub(super) count: f64,
}

/// Counts that fell from one bucket to the next and were raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Repaired {
    /// The bounds of the first and the last bucket concerned.
    pub(super) bounds: (f64, f64),
    /// By how much at most.
    pub(super) most: f64,
}

impl Repaired {
    pub(super) fn merged(self, other: Self) -> Self {
        let bounds = (self.bounds.0.min(other.bounds.0), self.bounds.1.max(other.bounds.1));
        Self { bounds, most: self.most.max(other.most) }
    }
}

/// Differences smaller than this, relative to the counts, are what adding floats leaves.
const TOLERANCE: f64 = 1e-12;

/// The upper bound that the value of a label `le` is. Like Go, this takes `inf` and `nan` in any case.
pub(super) fn bound(le: &str) -> Option<f64> {
    le.parse().ok()
}

/// The quantile of buckets in ascending order, and whether counts had to be repaired for it. Interpolated linearly within
/// the bucket; the lowest begins at 0 if its bound is above that. NaN if the highest is not `+Inf`, or if there is
/// nothing in them.
pub(super) fn quantile(q: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Repaired>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return (f64::NAN, None);
    }
    coalesce(buckets);
    let repaired = make_monotonic(buckets);
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return (f64::NAN, None);
    }
    let mut rank = q * observations;
    // Where counts are NaN, nothing is less, and Prometheus takes the last.
    let at = buckets[..last].partition_point(|b| b.count.is_nan() || rank.is_nan() || b.count < rank);
    let value = match at {
        at if at == last => buckets[last - 1].bound,
        0 if buckets[0].bound <= 0.0 => buckets[0].bound,
        at => {
            let (mut start, mut count) = (0.0, buckets[at].count);
            if at > 0 {
                start = buckets[at - 1].bound;
                count -= buckets[at - 1].count;
                rank -= buckets[at - 1].count;
            }
            start + (buckets[at].bound - start) * (rank / count)
        }
    };
    (value, repaired)
}

/// The share of observations between two values, interpolated as for [`quantile`].
pub(super) fn fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return f64::NAN;
    }
    coalesce(buckets);
    let observations = buckets[buckets.len() - 1].count;
    if observations == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank(upper, buckets, observations) - rank(lower, buckets, observations)) / observations
}

/// How many observations are not above a value.
fn rank(value: f64, buckets: &[Bucket], observations: f64) -> f64 {
    let mut below = Bucket { bound: f64::NEG_INFINITY, count: 0.0 };
    for (i, bucket) in buckets.iter().enumerate() {
        if below.bound >= value {
            return below.count.min(observations);
        }
        if bucket.bound > value {
            let start = if i == 0 && bucket.bound > 0.0 { 0.0 } else { below.bound };
            let share = (value - start) / (bucket.bound - start);
            return (below.count + (bucket.count - below.count) * share).min(observations);
        }
        below = *bucket;
    }
    observations
}

/// Makes one bucket of those with the same bound.
fn coalesce(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|later, earlier| {
        let same = later.bound == earlier.bound;
        if same {
            earlier.count += later.count;
        }
        same
    });
}

/// Raises counts that are below the one before them, and says so if one was by more than rounding.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Repaired> {
    let mut repaired: Option<Repaired> = None;
    let mut before = buckets.first()?.count;
    for bucket in &mut buckets[1..] {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count, TOLERANCE) {
            bucket.count = before;
        } else if bucket.count < before {
            let this = Repaired { bounds: (bucket.bound, bucket.bound), most: before - bucket.count };
            repaired = Some(repaired.map_or(this, |all| all.merged(this)));
            bucket.count = before;
        } else {
            before = bucket.count;
        }
    }
    repaired
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn buckets(of: &[(f64, f64)]) -> Vec<Bucket> {
        of.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect()
    }

    #[test]
    fn quantiles_are_interpolated_within_a_bucket() {
        let full = [(1.0, 10.0), (2.0, 30.0), (INF, 40.0)];
        let table =
            [(0.0, 0.0), (0.125, 0.5), (0.5, 1.5), (0.75, 2.0), (0.99, 2.0), (-1.0, -INF), (2.0, INF)];
        for (q, expected) in table {
            assert_eq!(quantile(q, &mut buckets(&full)), (expected, None), "{q}");
        }
        for nothing in [&[(1.0, 1.0)][..], &[(INF, 1.0)], &[], &[(1.0, 0.0), (INF, 0.0)]] {
            assert!(quantile(0.5, &mut buckets(nothing)).0.is_nan());
        }
        assert_eq!(quantile(0.5, &mut buckets(&[(-2.0, 1.0), (INF, 1.0)])).0, -2.0);
    }

    #[test]
    fn counts_that_fall_are_repaired() {
        let (value, repaired) = quantile(0.5, &mut buckets(&[(1.0, 10.0), (2.0, 8.0), (INF, 20.0)]));
        assert_eq!((value, repaired), (1.0, Some(Repaired { bounds: (2.0, 2.0), most: 2.0 })));
        let rounded = [(1.0, 10.0), (2.0, 10.0 - 1e-14), (INF, 10.0)];
        assert_eq!(quantile(1.0, &mut buckets(&rounded)), (1.0, None));
    }

    #[test]
    fn a_fraction_is_the_inverse_of_a_quantile() {
        let full = [(1.0, 10.0), (2.0, 30.0), (4.0, 40.0), (INF, 40.0)];
        for q in [0.1, 0.25, 0.5, 0.8, 1.0] {
            let value = quantile(q, &mut buckets(&full)).0;
            let share = fraction(-INF, value, &mut buckets(&full));
            assert!((share - q).abs() < 1e-12, "{q}: {share}");
        }
        assert_eq!(fraction(2.0, 1.0, &mut buckets(&full)), 0.0);
        assert_eq!(fraction(1.0, 2.0, &mut buckets(&full)), 0.5);
        assert!(fraction(f64::NAN, 2.0, &mut buckets(&full)).is_nan());
    }
}
