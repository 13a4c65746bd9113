//! Expressions that compare something with a constant: they have a peak and a margin.

use rustc_hash::FxHashMap;

use crate::{
    metrics::{Labels, MatchOp, Store, labels::NAME},
    promql::{
        Evaluator, Expr, ExprKind, Query, RangeSeries, Settings,
        ast::{Binary, BinaryOp, Side},
        matched_labels,
    },
    rules::run::Times,
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

    /// How close each element comes at some times.
    pub(super) fn watch(&self, store: &Store, times: Times, settings: Settings) -> Watch<'_> {
        let mut watch = Watch { comparison: self, threshold: None, peaks: FxHashMap::default() };
        // What fails here has failed in the whole expression, and was told.
        in_parts(&self.constant, store, times, settings, &mut |series| {
            let [only] = series else { return };
            let told = only.samples.iter().rfind(|(_, value)| !value.is_nan());
            watch.threshold = told.map(|(_, value)| *value).or(watch.threshold);
        });
        in_parts(&self.varies, store, times, settings, &mut |series| {
            for series in series {
                let labels = self.result_labels(&series.labels);
                for (_, value) in series.samples.iter().filter(|(_, value)| !value.is_nan()) {
                    let peak = watch.peaks.entry(labels.clone()).or_insert(*value);
                    *peak = if self.upwards { peak.max(*value) } else { peak.min(*value) };
                }
            }
        });
        watch
    }

    fn result_labels(&self, labels: &Labels) -> Labels {
        if self.keeps_labels {
            return labels.without_name();
        }
        matched_labels(labels, &Labels::empty(), &self.binary).without_name()
    }
}

/// Evaluates an expression at some times, in as many parts as it takes; a time at which it can't be is left out.
fn in_parts(
    query: &Query,
    store: &Store,
    times: Times,
    settings: Settings,
    found: &mut dyn FnMut(&[RangeSeries]),
) {
    let Some(last) = times.last() else { return };
    match Evaluator::new(query, settings).range(store, times.first, last, times.step) {
        Ok(series) => found(&series),
        Err(_) if times.count > 1 => {
            let half = times.count / 2;
            in_parts(query, store, Times { count: half, ..times }, settings, found);
            let rest = Times { first: times.at(half), count: times.count - half, ..times };
            in_parts(query, store, rest, settings, found);
        }
        Err(_) => {}
    }
}

/// How close each element has come.
pub(super) struct Watch<'c> {
    comparison: &'c Comparison,
    pub(super) threshold: Option<f64>,
    /// By labels, the name not among them.
    peaks: FxHashMap<Labels, f64>,
}

impl Watch<'_> {
    /// The peak of an element.
    pub(super) fn peak(&self, labels: &Labels) -> Option<f64> {
        self.peaks.get(labels).copied()
    }

    /// Of several peaks, the one that goes furthest.
    pub(super) fn furthest(&self, peaks: impl Iterator<Item = f64>) -> Option<f64> {
        peaks.reduce(|a, b| if self.comparison.upwards { a.max(b) } else { a.min(b) })
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
