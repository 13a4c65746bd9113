//! Which labels the result of an expression may have, told from the expression alone or with what the series have.
//!
//! In: an expression. Out: a [`LabelSet`]: what is not in it, no element of the result has, whatever its value. Labels that
//! two sides have to agree in are there only if both can have them. Not here: what is made of that.

use super::{
    label_set::LabelSet,
    world::{self, World},
};
use crate::{
    metrics::{MatchOp, labels::NAME},
    promql::{
        Expr, ExprKind,
        ast::{Aggregate, AggregateOp, Binary, BinaryOp, Call, Selector, Side},
    },
};

/// Recording rules may go in a circle.
const DEEPEST: usize = 16;

/// Functions whose results are still what the name says.
const KEEPING_THE_NAME: [&str; 8] = [
    "last_over_time",
    "first_over_time",
    "sort",
    "sort_desc",
    "sort_by_label",
    "sort_by_label_desc",
    "label_replace",
    "label_join",
];

/// By what labels are told.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    world: &'a World<'a>,
    /// Whether what the series of the recording have counts.
    with_data: bool,
}

impl<'a> Sight<'a> {
    /// By the rules alone: series that no rule records may have any label.
    pub(super) fn of_rules(world: &'a World<'a>) -> Self {
        Self { world, with_data: false }
    }

    /// By the recording too, if there is one.
    pub(super) fn of_data(world: &'a World<'a>) -> Self {
        Self { world, with_data: world.store.is_some() }
    }

    /// The labels that an expression's result may have, the name among them.
    pub(super) fn labels(self, expr: &Expr) -> LabelSet {
        self.of(expr, 0)
    }

    fn of(self, expr: &Expr, depth: usize) -> LabelSet {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::Text(_) => LabelSet::none(),
            ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => {
                self.of_selector(selector, depth)
            }
            ExprKind::Subquery(subquery) => self.of(&subquery.expr, depth),
            ExprKind::Aggregate(aggregate) => self.of_aggregate(aggregate, depth),
            ExprKind::Call(call) => self.of_call(call, depth),
            ExprKind::Binary(binary) => self.of_binary(binary, depth),
            ExprKind::Negate(inner) => self.of(inner, depth).without(NAME),
            ExprKind::Plus(inner) | ExprKind::Paren(inner) => self.of(inner, depth),
        }
    }

    /// What the metric's series have. Of conditions only those on the name count, and those that want a label away:
    /// other series of the metric may come in another recording.
    fn of_selector(self, selector: &Selector, depth: usize) -> LabelSet {
        let empty = |m: &&crate::metrics::Matcher| m.op == MatchOp::Equal && m.value.is_empty();
        let unwanted = world::conditions(selector).filter(empty);
        unwanted.fold(self.of_metric(selector, depth), |labels, matcher| labels.without(&matcher.name))
    }

    fn of_metric(self, selector: &Selector, depth: usize) -> LabelSet {
        if depth > DEEPEST || self.world.reads_alerts(selector) {
            return LabelSet::any();
        }
        let stored = self.of_store(selector);
        let recorded = self.world.recorded(selector);
        // Of several names, only the recording tells which there are.
        if recorded.is_empty() || (world::name_of(selector).is_none() && !self.with_data) {
            return stored.unwrap_or_else(LabelSet::any);
        }
        let of_rules = recorded.iter().map(|(_, rule)| {
            let labels = self.of(&rule.query.expr, depth + 1).with(NAME);
            rule.labels.iter().fold(labels, |labels, text| match text.template.text() {
                "" => labels.without(&text.name),
                _ => labels.with(&text.name),
            })
        });
        of_rules.chain(stored).fold(LabelSet::none(), LabelSet::union)
    }

    /// What the series of the recording have; nothing is known if it has none.
    fn of_store(self, selector: &Selector) -> Option<LabelSet> {
        let labels = self.world.labels(selector)?;
        Some(if self.with_data { labels } else { LabelSet::any() })
    }

    fn of_aggregate(self, aggregate: &Aggregate, depth: usize) -> LabelSet {
        use AggregateOp::{Bottomk, CountValues, LimitRatio, Limitk, Topk};
        let labels = self.of(&aggregate.expr, depth);
        if matches!(aggregate.op, Topk | Bottomk | Limitk | LimitRatio) {
            return labels;
        }
        let grouping = &aggregate.grouping;
        let labels = if grouping.without { labels.without(NAME) } else { labels };
        let labels = labels.kept(&grouping.labels, grouping.without);
        match (aggregate.op, aggregate.param.as_ref().and_then(text)) {
            (CountValues, Some(name)) => labels.with(name),
            _ => labels,
        }
    }

    fn of_call(self, call: &Call, depth: usize) -> LabelSet {
        let arg = |at: usize| call.args.get(at).map_or_else(LabelSet::none, |arg| self.of(arg, depth));
        let named = |at: usize| call.args.get(at).and_then(text).unwrap_or_default();
        let name = call.function.name;
        match name {
            "absent" | "absent_over_time" => return call.args.first().map_or_else(LabelSet::none, of_absent),
            "scalar" | "vector" => return LabelSet::none(),
            "histogram_quantile" => return arg(1).without("le").without(NAME),
            "histogram_quantiles" => return arg(0).without("le").without(NAME).with(named(1)),
            "histogram_fraction" => return arg(2).without("le").without(NAME),
            // Without a replacement the label is only ever taken away.
            "label_replace" if named(2).is_empty() => return arg(0),
            "label_replace" | "label_join" => return arg(0).with(named(1)),
            _ => {}
        }
        // One argument is the vector; others are numbers and texts, which have no labels.
        let labels = (0..call.args.len()).map(arg).fold(LabelSet::none(), LabelSet::union);
        if KEEPING_THE_NAME.contains(&name) { labels } else { labels.without(NAME) }
    }

    fn of_binary(self, b: &Binary, depth: usize) -> LabelSet {
        let (left, right) = (self.of(&b.lhs, depth), self.of(&b.rhs, depth));
        let unnamed =
            |labels: LabelSet| if b.op.computes() || b.is_bool { labels.without(NAME) } else { labels };
        if is_number(&b.lhs) || is_number(&b.rhs) {
            return unnamed(left.union(right));
        }
        let matching = &b.matching;
        match b.op {
            BinaryOp::Or => return left.union(right),
            BinaryOp::Unless => return left,
            BinaryOp::And => return agreeing(left, &right, b),
            _ => {}
        }
        let (many, one) = if matching.many == Side::Right { (right, left) } else { (left, right) };
        let mut labels = agreeing(many, &one, b);
        if matching.many == Side::Neither {
            labels = labels.kept(&matching.labels, !matching.on);
        }
        for name in &matching.include {
            labels = if one.has(name) { labels.with(name) } else { labels.without(name) };
        }
        unnamed(labels)
    }
}

/// One side's labels, of which those that both sides have to agree in are only there if the other can have them.
fn agreeing(labels: LabelSet, other: &LabelSet, b: &Binary) -> LabelSet {
    let matching = &b.matching;
    if matching.on {
        let lacking = matching.labels.iter().filter(|name| !other.has(name));
        return lacking.fold(labels, |labels, name| labels.without(name));
    }
    // Names need not agree.
    let free = LabelSet::of(matching.labels.iter().map(String::as_str).chain([NAME]));
    labels.meet(other.clone().union(free))
}

/// What `absent` gives labels to: the equations of its selector, of each label the first, if nothing else is asked of
/// that label behind it.
fn of_absent(expr: &Expr) -> LabelSet {
    let (ExprKind::Selector(selector) | ExprKind::Range { selector, .. }) = &expr.bare().kind else {
        return LabelSet::none();
    };
    let (mut labels, mut equated) = (LabelSet::none(), Vec::new());
    for matcher in world::conditions(selector) {
        let is_first = matcher.op == MatchOp::Equal && !equated.contains(&&*matcher.name);
        let is_set = is_first && !matcher.value.is_empty();
        labels = if is_set { labels.with(&matcher.name) } else { labels.without(&matcher.name) };
        if is_first {
            equated.push(&*matcher.name);
        }
    }
    labels
}

/// A text argument.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match &expr.bare().kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether an expression gives a number without labels.
pub(super) fn is_number(expr: &Expr) -> bool {
    expr.value_type() == crate::promql::ValueType::Scalar
}
