//! Which values the result of an expression can have, whatever was recorded.
//!
//! In: an expression. Out: an [`Interval`] that has every value of every element, and is empty if there can be no element.
//! What rules record counts; what is in the recording does not. Comparisons that can't be true are told on the way.

use super::{interval::Interval, parts, world::World, world::name_of};
use crate::{
    promql::{
        Expr, ExprKind,
        ast::{Aggregate, AggregateOp, Binary, BinaryOp, Call, Selector},
    },
    rules::run::ALERTS,
};

/// Recording rules may go in a circle.
const DEEPEST: usize = 16;

const INFINITY: f64 = f64::INFINITY;

/// What is told of a comparison that can't be true: it, and what its sides can be.
pub(super) struct NeverTrue<'e> {
    pub(super) expr: &'e Expr,
    pub(super) binary: &'e Binary,
    pub(super) left: Interval,
    pub(super) right: Interval,
}

/// Finds values.
pub(super) struct Values<'a, 'e> {
    world: &'a World<'a>,
    depth: usize,
    pub(super) never_true: Vec<NeverTrue<'e>>,
}

impl<'a, 'e> Values<'a, 'e> {
    pub(super) fn new(world: &'a World<'a>) -> Self {
        Self { world, depth: 0, never_true: Vec::new() }
    }

    /// The values of an expression, without a word about what is found.
    fn quietly(&self, expr: &Expr) -> Interval {
        Values { world: self.world, depth: self.depth + 1, never_true: Vec::new() }.of(expr)
    }

    pub(super) fn of(&mut self, expr: &'e Expr) -> Interval {
        match &expr.kind {
            ExprKind::Number(value) | ExprKind::Duration(value) => Interval::point(*value),
            ExprKind::Text(_) => Interval::ANY,
            ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => self.of_selector(selector),
            ExprKind::Subquery(subquery) => self.of(&subquery.expr),
            ExprKind::Aggregate(aggregate) => self.of_aggregate(aggregate),
            ExprKind::Call(call) => self.of_call(call),
            ExprKind::Binary(binary) => self.of_binary(expr, binary),
            ExprKind::Negate(inner) => Interval::point(0.0).computed(BinaryOp::Sub, self.of(inner)),
            ExprKind::Plus(inner) | ExprKind::Paren(inner) => self.of(inner),
        }
    }

    fn of_selector(&self, selector: &Selector) -> Interval {
        let Some(name) = name_of(selector) else { return Interval::ANY };
        let recorded = self.world.recorded(selector);
        if recorded.is_empty() {
            return match name {
                ALERTS => Interval::point(1.0),
                "up" => Interval::of(0.0, 1.0),
                _ => Interval::ANY,
            };
        }
        // What the recording has under that name may be of other rules.
        if self.depth > DEEPEST || self.world.is_recorded_metric(name) {
            return Interval::ANY;
        }
        let values = recorded.iter().map(|(_, rule)| self.quietly(&rule.query.expr));
        let all = values.fold(Interval::NEVER, Interval::union);
        // A rule that gives nothing is told where it stands.
        if all.is_never() { Interval::ANY } else { all }
    }

    fn of_aggregate(&mut self, aggregate: &'e Aggregate) -> Interval {
        use AggregateOp::{
            Avg, Bottomk, Count, CountValues, Group, LimitRatio, Limitk, Max, Min, Quantile, Stddev, Stdvar,
            Sum, Topk,
        };
        let param = aggregate.param.as_ref().map(|param| self.of(param));
        let each = self.of(&aggregate.expr);
        if each.is_never() {
            return Interval::NEVER;
        }
        match aggregate.op {
            Count | CountValues => Interval::of(1.0, INFINITY),
            Group => Interval::point(1.0),
            Stddev | Stdvar => Interval::of(0.0, INFINITY).or_nan(),
            Sum => summed(each),
            Avg | Min | Max | Topk | Bottomk | Limitk | LimitRatio => each,
            Quantile if param.is_some_and(|q| q.is_within(0.0, 1.0) && !q.nan) => each.or_nan(),
            Quantile => Interval::ANY,
        }
    }

    fn of_call(&mut self, call: &'e Call) -> Interval {
        let args: Vec<Interval> = call.args.iter().map(|arg| self.of(arg)).collect();
        let first = args.first().copied().unwrap_or(Interval::ANY);
        let name = call.function.name;
        if matches!(name, "absent" | "absent_over_time") {
            return Interval::point(1.0);
        }
        // Without an element there is none in the result; a number is always there.
        let is_vector = |expr: &Expr| expr.value_type() != crate::promql::ValueType::Scalar;
        if call.args.iter().zip(&args).any(|(arg, values)| is_vector(arg) && values.is_never()) {
            // The number is NaN then; but that there is nothing was told already.
            return if name == "scalar" { Interval::ANY } else { Interval::NEVER };
        }
        match (name, args.as_slice()) {
            (
                "vector" | "label_replace" | "label_join" | "sort" | "sort_desc" | "sort_by_label"
                | "sort_by_label_desc",
                _,
            )
            | (
                "min_over_time" | "max_over_time" | "avg_over_time" | "last_over_time" | "first_over_time",
                _,
            ) => first,
            ("scalar", _) => first.or_nan(),
            ("pi", _) => Interval::point(std::f64::consts::PI),
            ("sum_over_time", _) => summed(first),
            ("quantile_over_time", [q, each]) if q.is_within(0.0, 1.0) && !q.nan => each.or_nan(),
            ("present_over_time", _) => Interval::point(1.0),
            ("count_over_time", _) => Interval::of(1.0, INFINITY),
            ("rate" | "increase" | "irate", _) => Interval::of(0.0, INFINITY).or_nan(),
            ("changes" | "resets", _) => Interval::of(0.0, INFINITY),
            ("stddev_over_time" | "stdvar_over_time" | "mad_over_time" | "sqrt" | "exp", _) => {
                Interval::of(0.0, INFINITY).or_nan()
            }
            ("histogram_fraction", _) => Interval::of(0.0, 1.0).or_nan(),
            ("sin" | "cos" | "sgn" | "tanh", _) => Interval::of(-1.0, 1.0).or_nan(),
            ("floor", _) => first.ends(|a, b| (a.floor(), b.floor())),
            ("ceil", _) => first.ends(|a, b| (a.ceil(), b.ceil())),
            ("abs", _) if first.low >= 0.0 => first,
            ("abs", _) => Interval::of(0.0, INFINITY).or_nan(),
            ("clamp_min", [each, low]) if !low.nan => each.ends(|a, b| (a.max(low.low), b.max(low.high))),
            ("clamp_max", [each, high]) if !high.nan => each.ends(|a, b| (a.min(high.low), b.min(high.high))),
            ("clamp", [each, low, high]) if !low.nan && !high.nan => clamped(*each, *low, *high),
            ("minute", _) => Interval::of(0.0, 59.0).or_nan(),
            ("hour", _) => Interval::of(0.0, 23.0).or_nan(),
            ("day_of_week", _) => Interval::of(0.0, 6.0).or_nan(),
            ("day_of_month", _) => Interval::of(1.0, 31.0).or_nan(),
            ("days_in_month", _) => Interval::of(28.0, 31.0).or_nan(),
            ("day_of_year", _) => Interval::of(1.0, 366.0).or_nan(),
            ("month", _) => Interval::of(1.0, 12.0).or_nan(),
            _ => Interval::ANY,
        }
    }

    fn of_binary(&mut self, expr: &'e Expr, binary: &'e Binary) -> Interval {
        let (left, right) = (self.of(&binary.lhs), self.of(&binary.rhs));
        match binary.op {
            BinaryOp::Or => left.union(right),
            BinaryOp::And if right.is_never() => Interval::NEVER,
            BinaryOp::And | BinaryOp::Unless => left,
            op if op.compares() => self.of_comparison(expr, binary, left, right),
            op => {
                let world = self.world;
                let depth = self.depth + 1;
                let values = |expr: &Expr| Values { world, depth, never_true: Vec::new() }.of(expr);
                parts::share(binary, &values).unwrap_or_else(|| left.computed(op, right))
            }
        }
    }

    fn of_comparison(
        &mut self,
        expr: &'e Expr,
        binary: &'e Binary,
        left: Interval,
        right: Interval,
    ) -> Interval {
        if left.is_never() || right.is_never() {
            return Interval::NEVER;
        }
        let met = left.compared(binary.op, right);
        let is_switch = binary.is_bool && left.only().is_some() && right.only().is_some();
        // A number compared with a number is a switch that somebody set.
        if met.is_never() && !is_switch {
            self.never_true.push(NeverTrue { expr, binary, left, right });
        }
        if binary.is_bool {
            return if met.is_never() { Interval::point(0.0) } else { Interval::of(0.0, 1.0) };
        }
        // Of a number and a vector, the vector's values are left.
        if super::labels::is_number(&binary.lhs) { right.compared(swapped(binary.op), left) } else { met }
    }
}

/// The comparison that says the same with its sides changed.
pub(super) fn swapped(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        other => other,
    }
}

/// What one or more of these numbers add up to.
fn summed(each: Interval) -> Interval {
    let low = if each.low >= 0.0 { each.low } else { f64::NEG_INFINITY };
    let high = if each.high <= 0.0 { each.high } else { INFINITY };
    Interval::of(low, high).or_nan()
}

/// With a least that is above the greatest, there is nothing.
fn clamped(each: Interval, low: Interval, high: Interval) -> Interval {
    if low.low > high.high {
        return Interval::NEVER;
    }
    each.ends(|a, b| (low.low.max(a.min(high.low)), low.high.max(b.min(high.high))))
}
