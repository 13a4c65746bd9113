//! `absent` and `absent_over_time`: something where there is nothing.

use super::{Call, EvalError, Expr, Sample, Scope, TextRange, Value, arg};
use crate::{
    metrics::{Labels, MatchOp, labels::NAME},
    promql::ast::ExprKind,
};

type Result<T> = std::result::Result<T, EvalError>;

pub(super) fn absent(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let expr = arg(call, 0, range)?;
    let is_absent = scope.vector(expr, time)?.is_empty();
    Ok(one_if(is_absent, expr))
}

pub(super) fn absent_over_time(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value> {
    let expr = arg(call, 0, range)?;
    let mut is_absent = true;
    scope.windows(expr, time, |_, _, _| is_absent = false)?;
    Ok(one_if(is_absent, expr))
}

fn one_if(is_absent: bool, expr: &Expr) -> Value {
    let one = || Sample { labels: labels_of(expr), value: 1.0, nameless: false };
    Value::Vector(is_absent.then(one).into_iter().collect())
}

/// The labels that a series would have to have, as far as the selector says so and says it once.
fn labels_of(expr: &Expr) -> Labels {
    let (ExprKind::Selector(selector) | ExprKind::Range { selector, .. }) = &expr.bare().kind else {
        return Labels::empty();
    };
    let named = |name: &str| selector.matchers.iter().filter(|m| *m.name == *name).count();
    let certain = selector
        .matchers
        .iter()
        .filter(|m| *m.name != *NAME && m.op == MatchOp::Equal && named(&m.name) == 1)
        .map(|m| (m.name.clone(), m.value.clone()));
    Labels::new(certain.collect())
}
