//! Vectors sorted.

use std::cmp::Ordering;

use super::{Call, EvalError, Sample, Scope, TextRange, Value, arg};
use crate::promql::evaluate::text_of;

type Result<T> = std::result::Result<T, EvalError>;

fn by_value(a: &Sample, b: &Sample) -> Ordering {
    a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal)
}

/// NaN comes last, whichever way.
fn nan_last(a: &Sample, b: &Sample) -> Ordering {
    a.value.is_nan().cmp(&b.value.is_nan())
}

pub(super) fn ascending(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let mut samples = scope.vector(arg(call, 0, range)?, time)?;
    samples.sort_by(|a, b| nan_last(a, b).then_with(|| by_value(a, b)));
    Ok(Value::Vector(samples))
}

pub(super) fn descending(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let mut samples = scope.vector(arg(call, 0, range)?, time)?;
    samples.sort_by(|a, b| nan_last(a, b).then_with(|| by_value(b, a)));
    Ok(Value::Vector(samples))
}

/// By these labels' values as people sort them, then by all labels.
fn sorted_by_label(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Vec<Sample>> {
    let mut samples = scope.vector(arg(call, 0, range)?, time)?;
    let labels: Vec<&str> = call.args.iter().skip(1).map(text_of).collect::<Result<_>>()?;
    samples.sort_by(|a, b| {
        let mut named = labels.iter().map(|label| natural(a.labels.get(label), b.labels.get(label)));
        named.find(|order| order.is_ne()).unwrap_or_else(|| a.labels.cmp(&b.labels))
    });
    Ok(samples)
}

pub(super) fn by_label(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    sorted_by_label(scope, call, range, time).map(Value::Vector)
}

pub(super) fn by_label_descending(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value> {
    let mut samples = sorted_by_label(scope, call, range, time)?;
    samples.reverse();
    Ok(Value::Vector(samples))
}

/// Digits compared as numbers, the rest as text.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while !a.is_empty() && !b.is_empty() {
        let (x, rest_of_a) = chunk(a);
        let (y, rest_of_b) = chunk(b);
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => x.cmp(y),
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
    a.len().cmp(&b.len())
}

/// The digits, or what are none, with which a text begins.
fn chunk(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.split_at(text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_count_as_numbers() {
        let mut values = ["4m1000", "4m5", "4m600", "", "4m", "a", "1.111.3", "1.2.3"];
        values.sort_by(|a, b| natural(a, b));
        assert_eq!(values, ["", "1.2.3", "1.111.3", "4m", "4m5", "4m600", "4m1000", "a"]);
    }
}
