//! The same expression at another time: `@` put on whatever has none.
//!
//! Prometheus' runner asks each instant query again, at other times, with all that it selects pinned to the time of
//! the first: the answer has to be the same.

use super::check::any;
use crate::promql::{
    Expr, ExprKind, Query,
    ast::{At, Shift},
};

/// Functions whose result changes with the time even if what they are given does not.
const OF_THE_TIME: [&str; 15] = [
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "month",
    "year",
    "predict_linear",
    "time",
    "timestamp",
    "start",
    "end",
    "range",
    "step",
];

/// The expression, pinned to a time in milliseconds; none if its value depends on the time by itself.
pub(super) fn pinned(query: &Query, time: i64) -> Option<Query> {
    let depends =
        |e: &Expr| matches!(&e.kind, ExprKind::Call(call) if OF_THE_TIME.contains(&call.function.name));
    if any(&query.expr, &mut |e| depends(e)) {
        return None;
    }
    let mut pinned = query.clone();
    pin(&mut pinned.expr, time);
    Some(pinned)
}

/// When it is asked again.
pub(super) fn times(time: i64) -> Vec<i64> {
    if time == 0 { vec![-1000, 0, 1000] } else { vec![-10 * time, 0, time / 5, time, 10 * time] }
}

fn pin(expr: &mut Expr, time: i64) {
    let set = |shift: &mut Shift| {
        if !matches!(shift.at, Some(At::Time(_))) {
            shift.at = Some(At::Time(time));
        }
    };
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => {}
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => set(&mut selector.shift),
        // What is in a subquery is of the subquery's times.
        ExprKind::Subquery(subquery) => set(&mut subquery.shift),
        ExprKind::Aggregate(a) => {
            pin(&mut a.expr, time);
            if let Some(param) = &mut a.param {
                pin(param, time);
            }
        }
        ExprKind::Call(call) => call.args.iter_mut().for_each(|arg| pin(arg, time)),
        ExprKind::Binary(b) => {
            pin(&mut b.lhs, time);
            pin(&mut b.rhs, time);
        }
        ExprKind::Negate(inner) | ExprKind::Paren(inner) => pin(inner, time),
    }
}
