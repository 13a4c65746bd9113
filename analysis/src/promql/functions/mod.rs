//! Functions: their names and types, and what does their work.
//!
//! [`TABLE`] has them all. [`math`] and [`date`] are of each element alone, [`super::window`] of a window, the
//! others see the whole vector.

mod absent;
mod date;
mod histogram;
mod labels;
mod math;
mod order;
mod table;
mod vector;

use super::{
    ast::{Call, Expr, TextRange},
    error::{EvalError, EvalErrorKind},
    evaluate::{Scope, distinct},
    note::Level,
    value::{Sample, Value, ValueType},
    window::Window,
};
use crate::metrics::Labels;

pub(super) use table::{find, is_unsupported};

/// A function that expressions can call.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    pub(super) args: &'static [ValueType],
    /// How many of the last arguments may be left out.
    pub(super) optional: usize,
    /// Whether more texts may follow.
    pub(super) repeats: bool,
    pub(super) returns: ValueType,
    body: Body,
}

type OfWindow = fn(&Window<'_>, &[f64]) -> Option<f64>;
type OfCall = fn(&mut Scope<'_>, &Call, TextRange, i64) -> Result<Value, EvalError>;

/// What does a function's work.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// Each value alone.
    Each(fn(f64) -> f64),
    /// Each value alone, as a time; without an argument, now.
    Date(fn(&date::Date) -> f64),
    /// Each series' window.
    Window(OfWindow),
    /// The same, of what should be a counter.
    Counter(OfWindow),
    /// The same, and the result is still what the name says.
    Pick(OfWindow),
    /// Numbers to a number.
    Scalars(fn(&[f64]) -> f64),
    /// All of it.
    Call(OfCall),
}

/// The value of a call.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    match call.function.body {
        Body::Each(of) => each(scope, arg(call, 0, range)?, time, of),
        Body::Date(of) => match call.args.first() {
            Some(expr) => each(scope, expr, time, |v| date::Date::of(v).map_or(f64::NAN, |d| of(&d))),
            None => {
                let value = date::Date::of(time as f64 / 1e3).map_or(f64::NAN, |d| of(&d));
                Ok(Value::Vector(vec![Sample { labels: Labels::empty(), value, nameless: false }]))
            }
        },
        Body::Window(of) => windows(scope, call, range, time, of, true),
        Body::Pick(of) => windows(scope, call, range, time, of, false),
        Body::Counter(of) => {
            let value = windows(scope, call, range, time, of, true)?;
            if !matches!(&value, Value::Vector(v) if v.is_empty()) {
                check_counter(scope, arg(call, 0, range)?);
            }
            Ok(value)
        }
        Body::Scalars(of) => {
            let args: Result<Vec<f64>, _> = call.args.iter().map(|arg| scope.scalar(arg, time)).collect();
            Ok(Value::Scalar(of(&args?)))
        }
        Body::Call(of) => of(scope, call, range, time),
    }
}

/// An argument that has to be there; the parser has seen to that.
fn arg(call: &Call, at: usize, range: TextRange) -> Result<&Expr, EvalError> {
    call.args
        .get(at)
        .ok_or_else(|| EvalErrorKind::Argument(format!("argument {} is missing", at + 1)).at(range))
}

fn each(scope: &mut Scope<'_>, expr: &Expr, time: i64, of: impl Fn(f64) -> f64) -> Result<Value, EvalError> {
    let samples = scope.vector(expr, time)?;
    let mapped = samples.into_iter().map(|s| scope.renamed(s.labels, of(s.value))).collect();
    Ok(Value::Vector(distinct(mapped, expr.range)?))
}

fn windows(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    time: i64,
    of: OfWindow,
    renames: bool,
) -> Result<Value, EvalError> {
    let mut numbers = Vec::new();
    let mut over = None;
    for arg in &call.args {
        match arg.value_type() {
            ValueType::Range => over = Some(arg),
            _ => numbers.push(scope.scalar(arg, time)?),
        }
    }
    let Some(over) = over else {
        return Err(EvalErrorKind::Argument("a range vector is missing".to_owned()).at(range));
    };
    check_numbers(scope, call, &numbers)?;
    let mut found = Vec::new();
    scope.windows(over, time, |labels, nameless, window| {
        if let Some(value) = of(window, &numbers) {
            found.push((labels.clone(), nameless, value));
        }
    })?;
    let named = |(labels, nameless, value)| match renames {
        true => scope.renamed(labels, value),
        false => Sample { labels, value, nameless },
    };
    Ok(Value::Vector(distinct(found.into_iter().map(named).collect(), range)?))
}

/// What numbers beside a range vector may be.
fn check_numbers(scope: &mut Scope<'_>, call: &Call, numbers: &[f64]) -> Result<(), EvalError> {
    match call.function.name {
        "quantile_over_time" => {
            if let (Some(q), Some(arg)) = (numbers.first(), call.args.first()) {
                scope.check_quantile(*q, arg.range);
            }
        }
        "double_exponential_smoothing" => {
            for ((value, arg), what) in
                numbers.iter().zip(call.args.iter().skip(1)).zip(["smoothing", "trend"])
            {
                if !(*value > 0.0 && *value < 1.0) {
                    let text =
                        format!("invalid {what} factor. Expected: 0 < {}f < 1, got: {value}", &what[..1]);
                    return Err(EvalErrorKind::Argument(text).at(arg.range));
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Says so if a metric has not the name of a counter.
fn check_counter(scope: &mut Scope<'_>, expr: &Expr) {
    let super::ast::ExprKind::Range { selector, .. } = &expr.bare().kind else { return };
    let is_name = |m: &&crate::metrics::Matcher| {
        *m.name == *crate::metrics::labels::NAME && m.op == crate::metrics::MatchOp::Equal
    };
    let Some(name) = selector.matchers.iter().find(is_name).map(|m| m.value.clone()) else { return };
    if !["_total", "_sum", "_count", "_bucket"].iter().any(|end| name.ends_with(end)) {
        let text = format!(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {name:?}"
        );
        scope.note(Level::Info, &text, expr.range);
    }
}
