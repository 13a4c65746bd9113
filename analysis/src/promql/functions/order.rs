//! Vectors sorted. Only at one time: series over several have no order of values.

use std::cmp::Ordering;

use super::{Call, EvalError, Evaluated, Grid, Row, Scope, TextRange, arg};
use crate::promql::scope::text_of;

type Result<T> = std::result::Result<T, EvalError>;

pub(super) fn ascending(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    by_value(scope, call, range, grid, |a, b| a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

pub(super) fn descending(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    by_value(scope, call, range, grid, |a, b| b.partial_cmp(&a).unwrap_or(Ordering::Equal))
}

/// NaN comes last, whichever way.
fn by_value(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
    order: fn(f64, f64) -> Ordering,
) -> Result<Evaluated> {
    let mut rows = scope.vector(arg(call, 0, range)?, grid)?;
    if grid.count == 1 {
        let value = |row: &Row| row.column.at(0).unwrap_or(f64::NAN);
        rows.sort_by(|a, b| {
            let (a, b) = (value(a), value(b));
            a.is_nan().cmp(&b.is_nan()).then_with(|| order(a, b))
        });
    }
    Ok(Evaluated::Vector(rows))
}

/// By these labels' values as people sort them, then by all labels.
fn sorted_by_label(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Vec<Row>> {
    let mut rows = scope.vector(arg(call, 0, range)?, grid)?;
    let labels: Vec<&str> = call.args.iter().skip(1).map(text_of).collect::<Result<_>>()?;
    rows.sort_by(|a, b| {
        let mut named = labels.iter().map(|label| natural(a.labels.get(label), b.labels.get(label)));
        named.find(|order| order.is_ne()).unwrap_or_else(|| a.labels.cmp(&b.labels))
    });
    Ok(rows)
}

pub(super) fn by_label(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    sorted_by_label(scope, call, range, grid).map(Evaluated::Vector)
}

pub(super) fn by_label_descending(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let mut rows = sorted_by_label(scope, call, range, grid)?;
    rows.reverse();
    Ok(Evaluated::Vector(rows))
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
