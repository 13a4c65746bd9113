//! Functions of numbers.

use super::{Call, EvalError, Evaluated, Grid, Row, Scope, TextRange, arg, each};

pub(super) fn sgn(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value
    }
}

/// The lesser of two, as Go has it: NaN if one is, unless the other is -Inf.
fn min(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// The greater of two, as Go has it: NaN if one is, unless the other is +Inf.
fn max(a: f64, b: f64) -> f64 {
    -min(-a, -b)
}

pub(super) fn least(values: &[f64]) -> f64 {
    values.iter().copied().reduce(min).unwrap_or(f64::NAN)
}

pub(super) fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().reduce(max).unwrap_or(f64::NAN)
}

/// To the nearest multiple; of two as near, the greater.
pub(super) fn round(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    let nearest = match call.args.get(1) {
        Some(nearest) => scope.scalar(nearest, grid)?,
        None => vec![1.0; grid.count],
    };
    each(scope, arg(call, 0, range)?, grid, |step, v| {
        // Dividing by the inverse, as Prometheus does, makes 0.3 of 0.25 and 0.1, where multiplying makes
        // 0.30000000000000004.
        let inverse = 1.0 / nearest[step];
        (v * inverse + 0.5).floor() / inverse
    })
}

pub(super) fn clamp(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    let low = scope.scalar(arg(call, 1, range)?, grid)?;
    let high = scope.scalar(arg(call, 2, range)?, grid)?;
    within(scope, call, range, grid, &low, &high)
}

pub(super) fn clamp_min(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    let low = scope.scalar(arg(call, 1, range)?, grid)?;
    within(scope, call, range, grid, &low, &vec![f64::INFINITY; grid.count])
}

pub(super) fn clamp_max(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    let high = scope.scalar(arg(call, 1, range)?, grid)?;
    within(scope, call, range, grid, &vec![f64::NEG_INFINITY; grid.count], &high)
}

/// Each value brought within its step's limits; no value where these exclude each other.
fn within(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
    low: &[f64],
    high: &[f64],
) -> Result<Evaluated, EvalError> {
    let rows = scope.vector(arg(call, 0, range)?, grid)?;
    let of = |step: usize, v: f64| {
        let (low, high) = (low[step], high[step]);
        // A limit that is NaN excludes nothing.
        let excluded = high < low;
        (!excluded).then(|| max(low, min(high, v)))
    };
    let clamped = rows.into_iter().map(|row| Row { column: row.column.filter_map(of), ..row });
    let rows = clamped.filter(|row| !row.column.is_empty()).collect();
    scope.renamed(rows, grid, range).map(Evaluated::Vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_gos() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert_eq!(max(nan, inf), inf);
        assert_eq!(min(-inf, nan), -inf);
        assert!(max(nan, 1.0).is_nan() && min(1.0, nan).is_nan());
        assert_eq!((min(1.0, 2.0), max(1.0, 2.0)), (1.0, 2.0));
    }
}
