//! `absent` and `absent_over_time`: something where there is nothing.

use super::{Call, EvalError, Evaluated, Expr, Grid, Row, Scope, TextRange, arg};
use crate::{
    metrics::{Labels, MatchOp, labels::NAME},
    promql::{ast::ExprKind, column::Column},
};

type Result<T> = std::result::Result<T, EvalError>;

pub(super) fn absent(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Evaluated> {
    let expr = arg(call, 0, range)?;
    let rows = scope.vector(expr, grid)?;
    Ok(ones_where_nothing_is(&rows, expr, grid))
}

pub(super) fn absent_over_time(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let expr = arg(call, 0, range)?;
    let rows = scope.range_vector(expr, grid)?.map(scope, grid, |_, _| Some(1.0))?;
    Ok(ones_where_nothing_is(&rows, expr, grid))
}

fn ones_where_nothing_is(rows: &[Row], expr: &Expr, grid: Grid) -> Evaluated {
    let mut there = vec![false; grid.count];
    rows.iter().flat_map(|row| row.column.present()).for_each(|(step, _)| there[step] = true);
    let column = Column::build(grid.count, |step| (!there[step]).then_some(1.0));
    let row = (!column.is_empty()).then(|| Row::new(labels_of(expr), column));
    Evaluated::Vector(row.into_iter().collect())
}

/// The labels that a series would have to have, as far as the selector says so. Prometheus takes the first condition on
/// a label if it is an equation, and gives the label up at the next one.
fn labels_of(expr: &Expr) -> Labels {
    let (ExprKind::Selector(selector) | ExprKind::Range { selector, .. }) = &expr.bare().kind else {
        return Labels::empty();
    };
    let (mut labels, mut equated) = (Labels::empty(), Vec::new());
    for matcher in selector.matchers.iter().filter(|m| *m.name != *NAME) {
        let is_first = matcher.op == MatchOp::Equal && !equated.contains(&&*matcher.name);
        labels = labels.with(&matcher.name, if is_first { &matcher.value } else { "" });
        if is_first {
            equated.push(&*matcher.name);
        }
    }
    labels
}
