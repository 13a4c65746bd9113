//! Expressions that give the same at every step: they are evaluated once.

use super::ast::{Expr, ExprKind};

/// Functions of the time of the step, whatever their arguments are.
const OF_THE_STEP: [&str; 11] = [
    "time",
    "timestamp",
    "predict_linear",
    "minute",
    "hour",
    "month",
    "year",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "days_in_month",
];

/// Whether an expression does not depend on the step: every selector in it says `@`. As in Prometheus, the parameter
/// of an aggregation is not asked.
pub(super) fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => true,
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => selector.shift.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.shift.at.is_some(),
        ExprKind::Aggregate(aggregate) => is_step_invariant(&aggregate.expr),
        ExprKind::Call(call) => {
            !OF_THE_STEP.contains(&call.function.name) && call.args.iter().all(is_step_invariant)
        }
        ExprKind::Binary(b) => is_step_invariant(&b.lhs) && is_step_invariant(&b.rhs),
        ExprKind::Negate(inner) | ExprKind::Paren(inner) => is_step_invariant(inner),
    }
}
