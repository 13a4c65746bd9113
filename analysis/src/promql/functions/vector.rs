//! Between numbers, times and vectors.

use super::{Call, EvalError, Evaluated, Grid, Row, Scope, TextRange, arg};
use crate::{
    metrics::Labels,
    promql::{ast::ExprKind, column::Column},
};

type Result<T> = std::result::Result<T, EvalError>;

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

/// A vector of one element without labels.
pub(super) fn of_numbers(values: impl Iterator<Item = f64>) -> Evaluated {
    let mut column = Column::default();
    values.enumerate().for_each(|(step, value)| column.push(step, value));
    Evaluated::Vector(vec![Row::new(Labels::empty(), column)])
}

pub(super) fn time(_: &mut Scope<'_>, _: &Call, _: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(Evaluated::Scalar(grid.times().map(seconds).collect()))
}

pub(super) fn step(scope: &mut Scope<'_>, _: &Call, _: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(Evaluated::Scalar(vec![seconds(scope.bounds.step); grid.count]))
}

pub(super) fn range(scope: &mut Scope<'_>, _: &Call, _: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(Evaluated::Scalar(vec![seconds(scope.bounds.end - scope.bounds.start); grid.count]))
}

pub(super) fn start(scope: &mut Scope<'_>, _: &Call, _: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(Evaluated::Scalar(vec![seconds(scope.bounds.start); grid.count]))
}

pub(super) fn end(scope: &mut Scope<'_>, _: &Call, _: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(Evaluated::Scalar(vec![seconds(scope.bounds.end); grid.count]))
}

/// The only element's value; NaN if there is none or more than one.
pub(super) fn scalar(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Evaluated> {
    let rows = scope.vector(arg(call, 0, range)?, grid)?;
    let only = |step: usize| {
        let mut there = rows.iter().filter_map(|row| row.column.at(step));
        there.next().filter(|_| there.next().is_none()).unwrap_or(f64::NAN)
    };
    Ok(Evaluated::Scalar((0..grid.count).map(only).collect()))
}

pub(super) fn vector(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Evaluated> {
    Ok(of_numbers(scope.scalar(arg(call, 0, range)?, grid)?.into_iter()))
}

/// The time of each sample: of a selector its own, of anything else that of the step.
pub(super) fn timestamp(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let expr = arg(call, 0, range)?;
    let rows = match &expr.bare().kind {
        ExprKind::Selector(selector) => scope.newest_of(selector, grid, |time, _| seconds(time))?,
        _ => {
            let now = |step, _| seconds(grid.time(step));
            let rows = scope.vector(expr, grid)?.into_iter();
            rows.map(|row| Row { column: row.column.map(now), ..row }).collect()
        }
    };
    scope.renamed(rows, grid, range).map(Evaluated::Vector)
}
