//! Percentiles. Sorting is polars', and so is its use of every core.

use polars::prelude::*;

/// The nearest-rank percentiles 50, 90, 95, 99 and 100 of at least one duration: each the `ceil(q·n)`-th by size.
pub(super) fn percentiles(durations: Vec<u64>) -> [u64; 5] {
    let sorted = UInt64Chunked::from_vec("durations".into(), durations).sort(false);
    let n = sorted.len();
    [50, 90, 95, 99, 100].map(|percent| sorted.get((n * percent).div_ceil(100) - 1).unwrap_or_default())
}
