//! How counters and gauges change.

use super::Window;

/// `rate`
pub(in crate::promql) fn rate(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    extrapolated(window, true, true)
}

/// `increase`
pub(in crate::promql) fn increase(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    extrapolated(window, true, false)
}

/// `delta`
pub(in crate::promql) fn delta(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    extrapolated(window, false, false)
}

/// The change from the first to the last sample, stretched to the window's ends: all the way where a sample is
/// near the end, else by half the mean distance of samples; a counter not beyond the time at which it was zero.
fn extrapolated(window: &Window<'_>, is_counter: bool, per_second: bool) -> Option<f64> {
    let ((first_time, first), (last_time, last)) = window.ends()?;
    let mut change = last - first;
    if is_counter {
        for fall in window.falls.places() {
            change += window.values[fall - 1];
        }
    }
    let seconds = |ms: i64| ms as f64 / 1e3;
    let mut to_start = seconds(first_time - window.start);
    let mut to_end = seconds(window.end - last_time);
    let sampled = seconds(last_time - first_time);
    let between = sampled / (window.times.len() - 1) as f64;
    let near = between * 1.1;
    if to_start >= near {
        to_start = between / 2.0;
    }
    if is_counter && change > 0.0 && first >= 0.0 {
        to_start = to_start.min(sampled * (first / change));
    }
    if to_end >= near {
        to_end = between / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if per_second {
        factor /= seconds(window.end - window.start);
    }
    Some(change * factor)
}

/// `irate`
pub(in crate::promql) fn irate(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let ((before, previous), (at, last)) = window.last_two()?;
    let change = if last < previous { last } else { last - previous };
    Some(change / ((at - before) as f64 / 1e3))
}

/// `idelta`
pub(in crate::promql) fn idelta(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let ((_, previous), (_, last)) = window.last_two()?;
    Some(last - previous)
}

/// `resets`
pub(in crate::promql) fn resets(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    Some(window.falls.places().len() as f64)
}

/// `changes`
pub(in crate::promql) fn changes(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let differs = |pair: &&[f64]| pair[1] != pair[0] && !(pair[1].is_nan() && pair[0].is_nan());
    Some(window.values.windows(2).filter(differs).count() as f64)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Falls, SeriesFalls},
        *,
    };

    /// Samples every 10 s from 10 s on, in a window of 60 s that ends at 60 s.
    fn of(values: &[f64], function: fn(&Window<'_>, &[f64]) -> Option<f64>) -> Option<f64> {
        let times: Vec<i64> = (1..=values.len() as i64).map(|i| i * 10_000).collect();
        let falls = Falls { series: &SeriesFalls::of(values), from: 0, to: values.len() };
        function(&Window { times: &times, values, start: 0, end: 60_000, now: 60_000, falls }, &[])
    }

    #[test]
    fn changes_are_stretched_to_the_window() {
        let six = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0];
        assert_eq!(of(&six, increase), Some(60.0));
        assert_eq!(of(&six, rate), Some(1.0));
        // Far from the end: half a distance, 5 s.
        assert_eq!(of(&six[..3], increase), Some(20.0 * 35.0 / 20.0));
        // The counter was zero 2 s before its first sample.
        assert_eq!(of(&[2.0, 12.0, 22.0, 32.0, 42.0, 52.0], increase), Some(52.0));
        assert_eq!(of(&[0.0, 10.0, 5.0, 15.0, 15.0, 15.0], increase), Some(25.0));
        assert_eq!(of(&[60.0, 50.0, 40.0, 30.0, 20.0, 10.0], delta), Some(-60.0));
        assert_eq!(of(&[1.0], rate), None);
    }

    #[test]
    fn single_steps() {
        assert_eq!(of(&[1.0, 5.0, 2.0], irate), Some(0.2));
        assert_eq!(of(&[1.0, 5.0, 2.0], idelta), Some(-3.0));
        assert_eq!(of(&[1.0, 5.0, 2.0, 2.0, 0.0], resets), Some(2.0));
        assert_eq!(of(&[f64::NAN, f64::NAN, 2.0, 2.0], changes), Some(1.0));
    }
}
