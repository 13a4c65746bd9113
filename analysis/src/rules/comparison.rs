//! Expressions that compare something with a constant: they have a peak and a margin.

use rustc_hash::FxHashMap;

use crate::{
    metrics::{Labels, MatchOp, labels::NAME},
    promql::{
        Evaluator, Expr, ExprKind, Query, Settings, Value,
        ast::{Binary, BinaryOp, Side},
        matched_labels,
    },
};

/// The side of a comparison that varies, and the other.
pub(super) struct Comparison {
    varies: Query,
    constant: Query,
    /// Whether greater values come closer.
    upwards: bool,
    /// The comparison itself, for what results are called.
    binary: Box<Binary>,
    /// Whether results have the labels of the side that varies and no others.
    keeps_labels: bool,
}

impl Comparison {
    /// The comparison that an expression is, if one side of it is a number or a recording rule that is one.
    pub(super) fn of(query: &Query, recorded: &FxHashMap<&str, &Query>) -> Option<Self> {
        let ExprKind::Binary(binary) = &query.expr.bare().kind else { return None };
        if binary.is_bool {
            return None;
        }
        let greater = match binary.op {
            BinaryOp::Greater | BinaryOp::GreaterEqual => true,
            BinaryOp::Less | BinaryOp::LessEqual => false,
            _ => return None,
        };
        let (varies, constant, upwards, many) = if is_constant(&binary.rhs, recorded, 0) {
            (&binary.lhs, &binary.rhs, greater, Side::Left)
        } else if is_constant(&binary.lhs, recorded, 0) {
            (&binary.rhs, &binary.lhs, !greater, Side::Right)
        } else {
            return None;
        };
        let has_scalar = constant.value_type() == crate::promql::ValueType::Scalar;
        let part = |expr: &Expr| Query { text: query.text.clone(), expr: expr.clone() };
        Some(Self {
            varies: part(varies),
            constant: part(constant),
            upwards,
            binary: binary.clone(),
            keeps_labels: has_scalar || (binary.matching.many == many && binary.matching.include.is_empty()),
        })
    }

    /// What evaluates both sides.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch {
            comparison: self,
            varies: Evaluator::new(&self.varies, Settings::default()),
            constant: Evaluator::new(&self.constant, Settings::default()),
            threshold: None,
            peaks: FxHashMap::default(),
        }
    }

    fn result_labels(&self, labels: &Labels) -> Labels {
        if self.keeps_labels {
            return labels.without_name();
        }
        matched_labels(labels, &Labels::empty(), &self.binary).without_name()
    }
}

/// How close each element has come so far.
pub(super) struct Watch<'c> {
    comparison: &'c Comparison,
    varies: Evaluator<'c>,
    constant: Evaluator<'c>,
    pub(super) threshold: Option<f64>,
    /// By labels, the name not among them.
    peaks: FxHashMap<Labels, f64>,
}

impl Watch<'_> {
    /// One evaluation. What fails here has failed in the whole expression, and was told.
    pub(super) fn step(&mut self, store: &crate::metrics::Store, time: i64) {
        self.threshold = match self.constant.instant(store, time) {
            Ok(Value::Scalar(value)) if !value.is_nan() => Some(value),
            Ok(Value::Vector(samples)) if samples.len() == 1 => Some(samples[0].value),
            _ => self.threshold,
        };
        let Ok(Value::Vector(samples)) = self.varies.instant(store, time) else { return };
        for sample in samples.iter().filter(|s| !s.value.is_nan()) {
            let labels = self.comparison.result_labels(&sample.labels);
            let peak = self.peaks.entry(labels).or_insert(sample.value);
            *peak = if self.comparison.upwards { peak.max(sample.value) } else { peak.min(sample.value) };
        }
    }

    /// The peak of an element.
    pub(super) fn peak(&self, labels: &Labels) -> Option<f64> {
        self.peaks.get(labels).copied()
    }

    /// The element that came closest, and its peak; of several, the first by its labels.
    pub(super) fn closest(&self) -> Option<(&Labels, f64)> {
        let order = |a: &(&Labels, &f64), b: &(&Labels, &f64)| {
            let closer = a.1.total_cmp(b.1);
            let closer = if self.comparison.upwards { closer } else { closer.reverse() };
            closer.then_with(|| b.0.cmp(a.0))
        };
        self.peaks.iter().max_by(order).map(|(labels, peak)| (labels, *peak))
    }

    /// How much of the way to the threshold a peak is. Only for numbers of which that is a share.
    pub(super) fn margin(&self, peak: f64) -> Option<f64> {
        let threshold = self.threshold?;
        let margin = if self.comparison.upwards { peak / threshold } else { threshold / peak };
        (threshold > 0.0 && peak >= 0.0 && margin.is_finite()).then_some(margin)
    }
}

/// Whether an expression is the same number whatever was recorded.
pub(super) fn is_constant(expr: &Expr, recorded: &FxHashMap<&str, &Query>, depth: usize) -> bool {
    // Recording rules may go in a circle.
    if depth > 16 {
        return false;
    }
    let inner = |expr: &Expr| is_constant(expr, recorded, depth + 1);
    match &expr.bare().kind {
        ExprKind::Number(_) | ExprKind::Duration(_) => true,
        ExprKind::Negate(of) | ExprKind::Plus(of) => inner(of),
        ExprKind::Binary(b) => b.op.computes() && inner(&b.lhs) && inner(&b.rhs),
        ExprKind::Call(call) => {
            matches!(call.function.name, "vector" | "scalar" | "pi") && call.args.iter().all(inner)
        }
        ExprKind::Selector(selector) => match selector.matchers.as_slice() {
            [only] if *only.name == *NAME && only.op == MatchOp::Equal => {
                recorded.get(&*only.value).is_some_and(|query| inner(&query.expr))
            }
            _ => false,
        },
        _ => false,
    }
}
