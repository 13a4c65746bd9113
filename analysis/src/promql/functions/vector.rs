//! Between numbers, times and vectors.

use super::{Call, EvalError, Sample, Scope, TextRange, Value, arg, distinct};
use crate::{metrics::Labels, promql::ast::ExprKind};

type Result<T> = std::result::Result<T, EvalError>;

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

pub(super) fn time(_: &mut Scope<'_>, _: &Call, _: TextRange, time: i64) -> Result<Value> {
    Ok(Value::Scalar(seconds(time)))
}

pub(super) fn step(scope: &mut Scope<'_>, _: &Call, _: TextRange, _: i64) -> Result<Value> {
    Ok(Value::Scalar(seconds(scope.steps.step)))
}

pub(super) fn range(scope: &mut Scope<'_>, _: &Call, _: TextRange, _: i64) -> Result<Value> {
    Ok(Value::Scalar(seconds(scope.steps.end - scope.steps.start)))
}

pub(super) fn start(scope: &mut Scope<'_>, _: &Call, _: TextRange, _: i64) -> Result<Value> {
    Ok(Value::Scalar(seconds(scope.steps.start)))
}

pub(super) fn end(scope: &mut Scope<'_>, _: &Call, _: TextRange, _: i64) -> Result<Value> {
    Ok(Value::Scalar(seconds(scope.steps.end)))
}

/// The only element's value.
pub(super) fn scalar(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let samples = scope.vector(arg(call, 0, range)?, time)?;
    Ok(Value::Scalar(if let [only] = samples.as_slice() { only.value } else { f64::NAN }))
}

pub(super) fn vector(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let value = scope.scalar(arg(call, 0, range)?, time)?;
    Ok(Value::Vector(vec![Sample { labels: Labels::empty(), value, nameless: false }]))
}

/// The time of each sample: of a selector its own, of anything else now.
pub(super) fn timestamp(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let expr = arg(call, 0, range)?;
    let dated: Vec<(Labels, i64)> = match &expr.bare().kind {
        ExprKind::Selector(selector) => {
            scope.dated(selector, time).into_iter().map(|(labels, at, _)| (labels, at)).collect()
        }
        _ => scope.vector(expr, time)?.into_iter().map(|s| (s.labels, time)).collect(),
    };
    let samples = dated.into_iter().map(|(labels, at)| scope.renamed(labels, seconds(at))).collect();
    Ok(Value::Vector(distinct(samples, range)?))
}
