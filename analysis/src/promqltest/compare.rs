//! What was expected beside what came.

use std::fmt::Write;

use super::{
    eval::{Eval, Expected, Steps},
    outcome::Difference,
    series::Point,
};
use crate::{
    metrics::{Labels, stale::is_marker},
    promql::{RangeSeries, Sample, Value, duration, number, value::almost_equal},
};

/// How far two values may be apart, relative to their sum.
const EPSILON: f64 = 1e-6;
/// How many samples, or elements, are told of one that is wrong.
const TOLD: usize = 12;

type Compared = Result<(), Difference>;

/// Whether two values count as the same: NaN is NaN, the stale marker only itself, others may differ a little.
pub(super) fn almost(a: f64, b: f64) -> bool {
    if is_marker(a) || is_marker(b) {
        return is_marker(a) && is_marker(b);
    }
    almost_equal(a, b, EPSILON)
}

/// The value of an instant query.
pub(super) fn instant(eval: &Eval, value: &Value) -> Compared {
    match (&eval.expected, value) {
        (Expected::Scalar(wanted), Value::Scalar(got)) if almost(*wanted, *got) => Ok(()),
        (Expected::Text(wanted), Value::Text(got)) if wanted == got => Ok(()),
        (Expected::Series(wanted), Value::Vector(got)) => vector(wanted, got, eval.expect.ordered),
        (Expected::Series(_), Value::Range(_)) => match eval.range_vector {
            Some(steps) => range(eval, value, steps),
            None => Err(Difference::new("no range vector", told(value))),
        },
        (expected, value) => Err(Difference::new(wanted_told(expected), told(value))),
    }
}

/// The value of a range query, or a range vector.
pub(super) fn range(eval: &Eval, value: &Value, steps: Steps) -> Compared {
    let (Expected::Series(wanted), Value::Range(got)) = (&eval.expected, value) else {
        return Err(Difference::new(wanted_told(&eval.expected), told(value)));
    };
    if eval.expect.ordered {
        return Err(Difference::new(
            "elements in an order",
            "series, which are always sorted by their labels",
        ));
    }
    if let Some(pair) = got.windows(2).find(|pair| pair[0].labels > pair[1].labels) {
        return Err(Difference::new(
            "series sorted by their labels",
            format!("{} before {}", pair[0].labels, pair[1].labels),
        ));
    }
    for series in got {
        let Some((labels, points)) = wanted.iter().find(|(labels, _)| *labels == series.labels) else {
            return Err(Difference::new("no such series", told_series(series, 0)));
        };
        let expected = RangeSeries { labels: labels.clone(), samples: samples(labels, points, steps)? };
        let is_same = |(a, b): (&(i64, f64), &(i64, f64))| a.0 == b.0 && almost(a.1, b.1);
        let pairs = expected.samples.iter().zip(&series.samples);
        let same = pairs.take_while(|pair| is_same(*pair)).count();
        if same < expected.samples.len() || same < series.samples.len() {
            return Err(Difference::new(told_series(&expected, same), told_series(series, same)));
        }
    }
    match wanted.iter().find(|(labels, _)| got.iter().all(|s| s.labels != *labels)) {
        Some((labels, points)) => {
            let expected = RangeSeries { labels: labels.clone(), samples: samples(labels, points, steps)? };
            Err(Difference::new(told_series(&expected, 0), "no such series"))
        }
        None => Ok(()),
    }
}

/// Points as samples at steps.
fn samples(labels: &Labels, points: &[Point], steps: Steps) -> Result<Vec<(i64, f64)>, Difference> {
    let times = (0..).map(|i: i64| steps.start.saturating_add(i.saturating_mul(steps.step)));
    let mut samples = Vec::new();
    for (time, point) in times.zip(points) {
        if time > steps.end {
            let last = duration::format(steps.end);
            let expected = format!("{} points of {labels}", points.len());
            return Err(Difference::new(expected, format!("a query that ends at {last} before these")));
        }
        if let Point::Float(value) = point {
            samples.push((time, *value));
        }
    }
    Ok(samples)
}

fn vector(wanted: &[(Labels, Vec<Point>)], got: &[Sample], ordered: bool) -> Compared {
    let value_of = |points: &[Point]| match points.first() {
        Some(Point::Float(value)) => *value,
        _ => f64::NAN,
    };
    let element = |labels: &Labels, value| format!("{labels} {}", number(value));
    for (i, sample) in got.iter().enumerate() {
        let got_told = element(&sample.labels, sample.value);
        let Some(at) = wanted.iter().position(|(labels, _)| *labels == sample.labels) else {
            return Err(Difference::new("no such element", got_told));
        };
        let value = value_of(&wanted[at].1);
        if !almost(value, sample.value) {
            return Err(Difference::new(element(&sample.labels, value), got_told));
        }
        if ordered && at != i {
            let places = format!("{} at place {}", sample.labels, at + 1);
            return Err(Difference::new(places, format!("it at place {}", i + 1)));
        }
    }
    match wanted.iter().find(|(labels, _)| got.iter().all(|s| s.labels != *labels)) {
        Some((labels, points)) => Err(Difference::new(element(labels, value_of(points)), "no such element")),
        None => Ok(()),
    }
}

fn wanted_told(expected: &Expected) -> String {
    match expected {
        Expected::Scalar(value) => format!("the scalar {}", number(*value)),
        Expected::Text(text) => format!("the string {text:?}"),
        Expected::Series(all) if all.is_empty() => "an empty vector".to_owned(),
        Expected::Series(_) => "a vector".to_owned(),
    }
}

/// A value in a few words.
pub(super) fn told(value: &Value) -> String {
    let list = |parts: Vec<String>, count: usize| match count {
        0 => "nothing".to_owned(),
        count if count > parts.len() => format!("{} and {} more", parts.join(", "), count - parts.len()),
        _ => parts.join(", "),
    };
    match value {
        Value::Scalar(value) => format!("the scalar {}", number(*value)),
        Value::Text(text) => format!("the string {text:?}"),
        Value::Vector(all) => {
            let element = |s: &Sample| format!("{} {}", s.labels, number(s.value));
            list(all.iter().take(TOLD).map(element).collect(), all.len())
        }
        Value::Range(all) => list(all.iter().take(2).map(|s| told_series(s, 0)).collect(), all.len()),
    }
}

/// A series, from a little before the sample of that number.
fn told_series(series: &RangeSeries, at: usize) -> String {
    let from = if series.samples.len() <= TOLD { 0 } else { at.saturating_sub(2) };
    let mut text = series.labels.to_string();
    if from > 0 {
        text.push_str(" …");
    }
    let shown = series.samples.iter().skip(from).take(TOLD);
    for (time, value) in shown.clone() {
        let value = if is_marker(*value) { "stale".to_owned() } else { number(*value) };
        let _infallible = write!(text, " {value}@{}", duration::format(*time));
    }
    if from + shown.count() < series.samples.len() {
        text.push_str(" …");
    }
    if series.samples.is_empty() {
        text.push_str(" without samples");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::stale::MARKER;

    #[test]
    fn values_are_the_same_within_a_millionth() {
        let table = [
            (1.0, 1.000_001, true),
            (1.0, 1.000_003, false),
            (0.0, 1e-9, false),
            (0.0, -0.0, true),
            (f64::NAN, f64::NAN, true),
            (f64::NAN, 1.0, false),
            (f64::NAN, MARKER, false),
            (MARKER, MARKER, true),
            (f64::INFINITY, f64::INFINITY, true),
            (f64::INFINITY, f64::MAX, false),
            (f64::MAX, f64::MAX * (1.0 - 1e-8), true),
        ];
        for (a, b, expected) in table {
            assert_eq!(almost(a, b), expected, "{a} {b}");
        }
    }
}
