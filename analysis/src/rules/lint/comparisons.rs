//! Comparisons that no value can meet: alerts that can't fire.
//!
//! Only what follows from the expression is told: of counts, shares, `bool`s, bounds that were set; and of two
//! comparisons of the same thing that exclude each other.

use std::collections::BTreeMap;

use super::{
    Code, Finding,
    interval::Interval,
    labels::is_number,
    near::shortened,
    place::{Place, walk},
    values::{NeverTrue, Values, swapped},
    world::name_of,
};
use crate::promql::{
    Expr, ExprKind, TextRange,
    ast::{AggregateOp, Binary, BinaryOp, Matching},
};

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    let mut values = Values::new(place.world);
    values.of(place.expr());
    findings.extend(values.never_true.iter().map(|never| told(place, never)));
    contradictions(place, place.expr(), findings);
}

fn told(place: &Place<'_>, never: &NeverTrue<'_>) -> Finding {
    let NeverTrue { expr, binary, left, right } = never;
    let written = shortened(place.part(behind(place, binary)));
    let what = format!("{written} is never true: the left side is {left}, the right side {right}");
    let range = if place.part(expr.range).contains('\n') { behind(place, binary) } else { expr.range };
    place.at(range, Code::ComparisonNeverTrue, what).hinted(hint(binary, *left, *right))
}

/// The operator and what stands on its right.
fn behind(place: &Place<'_>, binary: &Binary) -> TextRange {
    let between = TextRange { start: binary.lhs.range.end, end: binary.rhs.range.end };
    // The right side of a parenthesis is not in the range of what is inside.
    let text = place.part(between);
    let start = text.find(['>', '<', '=', '!']).unwrap_or(0);
    TextRange { start: between.start + start, ..between }
}

fn hint(binary: &Binary, left: Interval, right: Interval) -> Option<String> {
    let counts =
        |expr: &Expr| matches!(&expr.bare().kind, ExprKind::Aggregate(a) if a.op == AggregateOp::Count);
    let is_low = right.only().is_some_and(|value| (0.0..1.0).contains(&value));
    if counts(&binary.lhs) && is_low {
        return Some(
            "of nothing there is no count, not even 0: ask absent(…), or add `or vector(0)`".to_owned(),
        );
    }
    let is_share = left.is_within(0.0, 1.0) && left.high > left.low && divides(&binary.lhs);
    let percent = right.only().filter(|value| is_share && *value > 1.0 && *value <= 100.0)?;
    Some(format!("it is a share: {percent} % are {}", crate::promql::number(percent / 100.0)))
}

fn divides(expr: &Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Binary(b) if b.op == BinaryOp::Div);
        found |= matches!(&expr.kind, ExprKind::Aggregate(a) if a.op == AggregateOp::Avg);
    });
    found
}

/// Comparisons of the same expression, joined by `and`, of which no value meets all.
fn contradictions(place: &Place<'_>, expr: &Expr, findings: &mut Vec<Finding>) {
    if let ExprKind::Binary(b) = &expr.kind
        && joins(b)
    {
        let mut values: BTreeMap<String, Interval> = BTreeMap::new();
        let mut alone = true;
        for (of, interval) in bounds(place, expr) {
            alone &= !interval.is_never();
            values.entry(of).and_modify(|there| *there = there.meet(interval)).or_insert(interval);
        }
        let empty = values.iter().find(|(_, interval)| interval.low > interval.high);
        if let Some((of, _)) = empty.filter(|_| alone) {
            let what = format!("no value of {} meets both comparisons", shortened(of));
            let hint = "should this be `or`?".to_owned();
            findings.push(place.at(expr.range, Code::ComparisonNeverTrue, what).hinted(hint));
            return;
        }
    }
    expr.children().into_iter().for_each(|child| contradictions(place, child, findings));
}

fn joins(b: &Binary) -> bool {
    b.op == BinaryOp::And && b.matching == Matching::ALL
}

/// What the comparisons in an expression leave of the values of what they compare, by its text.
fn bounds(place: &Place<'_>, expr: &Expr) -> Vec<(String, Interval)> {
    let ExprKind::Binary(b) = &expr.bare().kind else { return Vec::new() };
    if joins(b) {
        return [bounds(place, &b.lhs), bounds(place, &b.rhs)].concat();
    }
    if !b.op.compares() || b.is_bool {
        return Vec::new();
    }
    let (of, with, op) = match (is_number(&b.lhs), is_number(&b.rhs)) {
        (false, true) => (&b.lhs, &b.rhs, b.op),
        (true, false) => (&b.rhs, &b.lhs, swapped(b.op)),
        _ => return Vec::new(),
    };
    let of = of.bare();
    // Series of several names may have the same labels otherwise: the one may be compared here, and another there.
    let mut named = true;
    walk(of, &mut |expr| {
        if let ExprKind::Selector(selector) | ExprKind::Range { selector, .. } = &expr.kind {
            named &= name_of(selector).is_some();
        }
    });
    let limit = Values::new(place.world).of(with);
    let of_this = named.then(|| (of.to_string(), Interval::ANY.compared(op, limit)));
    of_this.into_iter().chain(bounds(place, of)).collect()
}
