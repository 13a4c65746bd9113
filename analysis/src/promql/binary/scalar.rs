//! A number on one side, or on both.

use super::{
    super::{
        ast::{Binary, BinaryOp, TextRange},
        error::EvalError,
        grid::Grid,
        row::Row,
        scope::Scope,
    },
    Applied, apply, left_over,
};

/// Two numbers; a comparison gives 0 or 1.
pub(super) fn of_two(op: BinaryOp, l: &[f64], r: &[f64]) -> Vec<f64> {
    let of = |(l, r): (&f64, &f64)| match apply(op, *l, *r) {
        Applied::Number(value) => value,
        Applied::Truth(truth) => f64::from(u8::from(truth)),
    };
    l.iter().zip(r).map(of).collect()
}

/// A vector and, on its right, a number.
pub(super) fn right(
    scope: &Scope<'_>,
    b: &Binary,
    rows: Vec<Row>,
    numbers: &[f64],
    grid: Grid,
    range: TextRange,
) -> Result<Vec<Row>, EvalError> {
    with(scope, b, rows, grid, range, |step, value| left_over(b, value, numbers[step], value))
}

/// A vector and, on its left, a number. A comparison keeps the vector's value.
pub(super) fn left(
    scope: &Scope<'_>,
    b: &Binary,
    numbers: &[f64],
    rows: Vec<Row>,
    grid: Grid,
    range: TextRange,
) -> Result<Vec<Row>, EvalError> {
    with(scope, b, rows, grid, range, |step, value| left_over(b, numbers[step], value, value))
}

fn with(
    scope: &Scope<'_>,
    b: &Binary,
    rows: Vec<Row>,
    grid: Grid,
    range: TextRange,
    of: impl Fn(usize, f64) -> Option<f64>,
) -> Result<Vec<Row>, EvalError> {
    let applied = rows.into_iter().filter_map(|row| {
        let column = row.column.filter_map(&of);
        (!column.is_empty()).then_some(Row { column, ..row })
    });
    let rows = applied.collect();
    if b.op.computes() || b.is_bool { scope.renamed(rows, grid, range) } else { Ok(rows) }
}
