//! `…_over_time`: one number of many samples.

use super::{Mean, Sum, Window, quantile};

/// `sum_over_time`
pub(in crate::promql) fn sum(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    Some(window.values.iter().fold(Sum::default(), |sum, v| sum.plus(*v)).total())
}

/// `avg_over_time`
pub(in crate::promql) fn avg(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let (first, rest) = window.values.split_first()?;
    let mut mean = Mean::of(*first);
    rest.iter().for_each(|v| mean.add(*v));
    Some(mean.mean())
}

/// The place of the value that beats all others; NaN beats nothing, and the later of equals wins if `later`.
fn best(values: &[f64], later: bool, beats: fn(f64, f64) -> bool) -> Option<usize> {
    (0..values.len()).reduce(|best, i| {
        let (old, new) = (values[best], values[i]);
        if old.is_nan() || beats(new, old) || (later && new == old) { i } else { best }
    })
}

fn greater(a: f64, b: f64) -> bool {
    a > b
}

fn less(a: f64, b: f64) -> bool {
    a < b
}

/// `max_over_time`
pub(in crate::promql) fn max(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    best(window.values, false, greater).map(|i| window.values[i])
}

/// `min_over_time`
pub(in crate::promql) fn min(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    best(window.values, false, less).map(|i| window.values[i])
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

/// `ts_of_max_over_time`
pub(in crate::promql) fn time_of_max(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    best(window.values, true, greater).map(|i| seconds(window.times[i]))
}

/// `ts_of_min_over_time`
pub(in crate::promql) fn time_of_min(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    best(window.values, true, less).map(|i| seconds(window.times[i]))
}

/// `ts_of_first_over_time`
pub(in crate::promql) fn time_of_first(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    window.times.first().copied().map(seconds)
}

/// `ts_of_last_over_time`
pub(in crate::promql) fn time_of_last(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    window.times.last().copied().map(seconds)
}

/// `count_over_time`
pub(in crate::promql) fn count(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    Some(window.values.len() as f64)
}

/// `present_over_time`
pub(in crate::promql) fn present(_: &Window<'_>, _: &[f64]) -> Option<f64> {
    Some(1.0)
}

/// `last_over_time`
pub(in crate::promql) fn last(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    window.values.last().copied()
}

/// `first_over_time`
pub(in crate::promql) fn first(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    window.values.first().copied()
}

/// `stdvar_over_time`
pub(in crate::promql) fn stdvar(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let (mut count, mut mean, mut squares) = (0.0, Sum::default(), Sum::default());
    for value in window.values {
        count += 1.0;
        let delta = value - mean.total();
        mean = mean.plus(delta / count);
        squares = squares.plus(delta * (value - mean.total()));
    }
    Some(squares.total() / count)
}

/// `stddev_over_time`
pub(in crate::promql) fn stddev(window: &Window<'_>, args: &[f64]) -> Option<f64> {
    stdvar(window, args).map(f64::sqrt)
}

/// `quantile_over_time`
pub(in crate::promql) fn quantile_of(window: &Window<'_>, args: &[f64]) -> Option<f64> {
    Some(quantile(*args.first()?, &mut window.values.to_vec()))
}

/// `mad_over_time`: the median of the distances from the median; NaN if a value is.
pub(in crate::promql) fn mad(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    if window.values.iter().any(|v| v.is_nan()) {
        return Some(f64::NAN);
    }
    let mut values = window.values.to_vec();
    let median = quantile(0.5, &mut values);
    let mut distances: Vec<f64> = window.values.iter().map(|v| (v - median).abs()).collect();
    Some(quantile(0.5, &mut distances))
}
