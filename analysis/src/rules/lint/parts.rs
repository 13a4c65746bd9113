//! Parts of a whole: two expressions of which the first is, element by element, from 0 to the second.
//!
//! So are the requests that failed beside all requests, if both are summed up by the same labels: the first selects some
//! of the series of which the second selects all.

use super::{interval::Interval, world::name_of};
use crate::promql::{
    Expr, ExprKind,
    ast::{Aggregate, AggregateOp, Binary, BinaryOp, Grouping, Matching, Selector, Side},
};

/// Functions of one series' window that give no number below 0.
const NOT_NEGATIVE: [&str; 6] = ["rate", "increase", "irate", "count_over_time", "changes", "resets"];

/// What share of its right side the left side of a division is at most, if it is a part of it.
pub(super) fn share(b: &Binary, values: &impl Fn(&Expr) -> Interval) -> Option<Interval> {
    if b.op != BinaryOp::Div {
        return None;
    }
    let (factor, part) = scaled(&b.lhs, values);
    (factor >= 0.0 && meet(&b.matching, &b.rhs) && is_part(part, &b.rhs, values))
        .then(|| Interval::of(0.0, factor).or_nan())
}

/// A number that an expression is multiplied by, and what is.
fn scaled<'e>(expr: &'e Expr, values: &impl Fn(&Expr) -> Interval) -> (f64, &'e Expr) {
    let expr = expr.bare();
    if let ExprKind::Binary(b) = &expr.kind
        && b.op == BinaryOp::Mul
    {
        for (number, other) in [(&b.lhs, &b.rhs), (&b.rhs, &b.lhs)] {
            if super::labels::is_number(number)
                && let Some(factor) = values(number).only()
            {
                return (factor, other);
            }
        }
    }
    (1.0, expr)
}

/// Whether elements meet those that have the same labels.
fn meet(matching: &Matching, whole: &Expr) -> bool {
    if *matching == Matching::ALL {
        return true;
    }
    let ExprKind::Aggregate(aggregate) = &whole.bare().kind else { return false };
    let grouping = &aggregate.grouping;
    matching.on
        && !grouping.without
        && same_labels(&matching.labels, &grouping.labels)
        && matching.many != Side::Right
}

fn same_labels(one: &[String], other: &[String]) -> bool {
    one.iter().all(|name| other.contains(name)) && other.iter().all(|name| one.contains(name))
}

fn is_part(part: &Expr, whole: &Expr, values: &impl Fn(&Expr) -> Interval) -> bool {
    let (part, whole) = (part.bare(), whole.bare());
    if let ExprKind::Binary(b) = &part.kind {
        let (factor, inner) = scaled(part, values);
        return match b.op {
            BinaryOp::Or => is_part(&b.lhs, whole, values) && is_part(&b.rhs, whole, values),
            BinaryOp::Mul => {
                (0.0..=1.0).contains(&factor) && !std::ptr::eq(inner, part) && is_part(inner, whole, values)
            }
            _ => is_some_of(part, whole) && is_not_negative(part),
        };
    }
    match (&part.kind, &whole.kind) {
        (ExprKind::Aggregate(a), ExprKind::Aggregate(b)) => {
            same_groups(&a.grouping, &b.grouping) && is_less(a, b, values)
        }
        _ => is_some_of(part, whole) && is_not_negative(part),
    }
}

fn same_groups(one: &Grouping, other: &Grouping) -> bool {
    one.without == other.without && same_labels(&one.labels, &other.labels)
}

/// Whether one aggregation gives no more than another of the same group.
fn is_less(part: &Aggregate, whole: &Aggregate, values: &impl Fn(&Expr) -> Interval) -> bool {
    use AggregateOp::{Count, Sum};
    match (part.op, whole.op) {
        (Count, Count) => is_some_of(&part.expr, &whole.expr),
        (Sum, Sum) => is_some_of(&part.expr, &whole.expr) && is_not_negative(&part.expr),
        (Sum, Count) => {
            let each = values(&part.expr);
            is_some_of(&part.expr, &whole.expr) && each.is_within(0.0, 1.0) && !each.is_never()
        }
        _ => false,
    }
}

/// Whether all elements of an expression are elements of another, with the same values; or, if it compares, whether they
/// are there.
fn is_some_of(some: &Expr, all: &Expr) -> bool {
    let (some, all) = (some.bare(), all.bare());
    match (&some.kind, &all.kind) {
        (ExprKind::Selector(a), ExprKind::Selector(b)) => selects_some_of(a, b),
        (ExprKind::Range { selector: a, window: of_a }, ExprKind::Range { selector: b, window: of_b }) => {
            of_a == of_b && selects_some_of(a, b)
        }
        (ExprKind::Number(a), ExprKind::Number(b)) => a == b,
        (ExprKind::Call(a), ExprKind::Call(b)) => {
            let per_series =
                NOT_NEGATIVE.contains(&a.function.name) || a.function.name.ends_with("_over_time");
            let per_series = per_series && !a.function.name.starts_with("absent");
            let args = a.args.iter().zip(&b.args);
            per_series
                && a.function.name == b.function.name
                && a.args.len() == b.args.len()
                && args.into_iter().all(|(a, b)| is_some_of(a, b))
        }
        (ExprKind::Binary(b), _) => {
            b.op.compares() && super::labels::is_number(&b.rhs) && is_some_of(&b.lhs, all)
        }
        _ => false,
    }
}

/// Whether a selector asks all that another asks, and perhaps more.
fn selects_some_of(some: &Selector, all: &Selector) -> bool {
    name_of(some).is_some()
        && name_of(some) == name_of(all)
        && some.shift == all.shift
        && all.matchers.iter().all(|matcher| some.matchers.contains(matcher))
}

fn is_not_negative(expr: &Expr) -> bool {
    match &expr.bare().kind {
        ExprKind::Call(call) => NOT_NEGATIVE.contains(&call.function.name),
        ExprKind::Binary(b) => b.op.compares() && !b.is_bool && is_not_negative(&b.lhs),
        _ => false,
    }
}
