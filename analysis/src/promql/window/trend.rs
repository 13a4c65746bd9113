//! Where samples are going.

use super::{Sum, Window};

/// Slope per second and value at `at`, of the line of least squares.
fn line(window: &Window<'_>, at: i64) -> (f64, f64) {
    let first = window.values[0];
    if window.values.iter().all(|v| *v == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = window.values.len() as f64;
    let [mut xs, mut ys, mut xys, mut xxs] = [Sum::default(); 4];
    for (time, y) in window.times.iter().zip(window.values) {
        let x = (time - at) as f64 / 1e3;
        xs = xs.plus(x);
        ys = ys.plus(*y);
        xys = xys.plus(x * y);
        xxs = xxs.plus(x * x);
    }
    let (xs, ys) = (xs.total(), ys.total());
    let covariance = xys.total() - xs * ys / n;
    let variance = xxs.total() - xs * xs / n;
    let slope = covariance / variance;
    (slope, ys / n - slope * xs / n)
}

/// `deriv`
pub(in crate::promql) fn deriv(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    window.ends().map(|((first, _), _)| line(window, first).0)
}

/// `predict_linear`
pub(in crate::promql) fn predict_linear(window: &Window<'_>, args: &[f64]) -> Option<f64> {
    window.ends()?;
    let (slope, intercept) = line(window, window.now);
    Some(slope * args.first()? + intercept)
}

/// `double_exponential_smoothing`; that its factors lie between 0 and 1 was seen to before.
pub(in crate::promql) fn double_exponential_smoothing(window: &Window<'_>, args: &[f64]) -> Option<f64> {
    let [smoothing, trending] = args else { return None };
    window.ends()?;
    let (mut before, mut level) = (0.0, window.values[0]);
    let mut trend = window.values[1] - window.values[0];
    for (i, value) in window.values.iter().enumerate().skip(1) {
        if i > 1 {
            trend = trending * (level - before) + (1.0 - trending) * trend;
        }
        let next = smoothing * value + (1.0 - smoothing) * (level + trend);
        (before, level) = (level, next);
    }
    Some(level)
}
