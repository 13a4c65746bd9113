//! `histogram_quantile`, of classic buckets.

use rustc_hash::FxHashMap;

use super::{Call, EvalError, Level, Sample, Scope, TextRange, Value, arg, distinct};
use crate::metrics::Labels;

/// A bucket: its upper bound and how many observations are not above it.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// Differences smaller than this, relative to the counts, are what adding floats leaves.
const TOLERANCE: f64 = 1e-12;

pub(super) fn quantile(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let (q_expr, expr) = (arg(call, 0, range)?, arg(call, 1, range)?);
    let q = scope.scalar(q_expr, time)?;
    let samples = scope.vector(expr, time)?;
    scope.check_quantile(q, q_expr.range);
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut groups: Vec<(Labels, Vec<Bucket>)> = Vec::new();
    for sample in samples {
        let le = sample.labels.get("le");
        let Ok(bound) = le.parse::<f64>() else {
            let name = sample.labels.name();
            let of = if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") };
            let text = format!("bucket label \"le\" is missing or has a malformed value of {le:?}{of}");
            scope.note(Level::Warning, &text, expr.range);
            continue;
        };
        let labels = sample.labels.filtered(|name| name != "le");
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            groups.push((labels.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(Bucket { bound, count: sample.value });
    }
    let mut out: Vec<Sample> = Vec::with_capacity(groups.len());
    for (labels, buckets) in groups {
        let (value, repaired) = of_buckets(q, buckets);
        if repaired {
            let name = labels.name();
            let of = if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") };
            let text = format!(
                "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/\
                 prometheus/latest/querying/functions/#histogram_quantile){of}"
            );
            scope.note(Level::Info, &text, expr.range);
        }
        out.push(scope.renamed(labels, value));
    }
    Ok(Value::Vector(distinct(out, range)?))
}

/// The quantile, and whether counts had to be repaired.
fn of_buckets(q: f64, mut buckets: Vec<Bucket>) -> (f64, bool) {
    if q.is_nan() {
        return (f64::NAN, false);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, false);
    }
    if q > 1.0 {
        return (f64::INFINITY, false);
    }
    buckets.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return (f64::NAN, false);
    }
    buckets.dedup_by(|later, earlier| {
        let same = later.bound == earlier.bound;
        if same {
            earlier.count += later.count;
        }
        same
    });
    let repaired = make_monotonic(&mut buckets);
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return (f64::NAN, repaired);
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

/// Raises counts that are below the one before them. True if one was by more than rounding.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut repaired = false;
    let Some(mut before) = buckets.first().map(|b| b.count) else { return false };
    for bucket in &mut buckets[1..] {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            bucket.count = before;
            repaired = true;
        } else {
            before = bucket.count;
        }
    }
    repaired
}

fn almost_equal(a: f64, b: f64) -> bool {
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(q: f64, buckets: &[(f64, f64)]) -> (f64, bool) {
        of_buckets(q, buckets.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect())
    }

    #[test]
    fn quantiles_are_interpolated_within_a_bucket() {
        const INF: f64 = f64::INFINITY;
        let buckets = [(1.0, 10.0), (2.0, 30.0), (INF, 40.0)];
        let table =
            [(0.0, 0.0), (0.125, 0.5), (0.5, 1.5), (0.75, 2.0), (0.99, 2.0), (-1.0, -INF), (2.0, INF)];
        for (q, expected) in table {
            assert_eq!(of(q, &buckets), (expected, false), "{q}");
        }
        assert!(of(0.5, &[(1.0, 1.0)]).0.is_nan());
        assert!(of(0.5, &[(INF, 1.0)]).0.is_nan());
        assert!(of(0.5, &[]).0.is_nan());
        assert!(of(0.5, &[(1.0, 0.0), (INF, 0.0)]).0.is_nan());
        assert_eq!(of(0.5, &[(-2.0, 1.0), (INF, 1.0)]).0, -2.0);
    }

    #[test]
    fn counts_that_fall_are_repaired() {
        let inf = f64::INFINITY;
        assert_eq!(of(0.5, &[(1.0, 10.0), (2.0, 8.0), (inf, 20.0)]), (1.0, true));
        assert_eq!(of(1.0, &[(1.0, 10.0), (2.0, 10.0 - 1e-14), (inf, 10.0)]), (1.0, false));
    }
}
