//! Functions of numbers.

use super::{Call, EvalError, Scope, TextRange, Value, arg, each};

pub(super) fn sgn(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value
    }
}

/// The lesser of two; NaN if one is.
fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// The greater of two; NaN if one is.
fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

pub(super) fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, min)
}

pub(super) fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, max)
}

/// To the nearest multiple; of two as near, the greater.
pub(super) fn round(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let nearest = call.args.get(1).map_or(Ok(1.0), |nearest| scope.scalar(nearest, time))?;
    // Dividing by the inverse, as Prometheus does, makes 0.3 of 0.25 and 0.1 where multiplying makes 0.30000000000000004.
    let inverse = 1.0 / nearest;
    each(scope, arg(call, 0, range)?, time, |v| (v * inverse + 0.5).floor() / inverse)
}

pub(super) fn clamp(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let low = scope.scalar(arg(call, 1, range)?, time)?;
    let high = scope.scalar(arg(call, 2, range)?, time)?;
    if high < low {
        return Ok(Value::Vector(Vec::new()));
    }
    each(scope, arg(call, 0, range)?, time, |v| max(low, min(high, v)))
}

pub(super) fn clamp_min(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let low = scope.scalar(arg(call, 1, range)?, time)?;
    each(scope, arg(call, 0, range)?, time, |v| max(low, v))
}

pub(super) fn clamp_max(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let high = scope.scalar(arg(call, 1, range)?, time)?;
    each(scope, arg(call, 0, range)?, time, |v| min(high, v))
}
