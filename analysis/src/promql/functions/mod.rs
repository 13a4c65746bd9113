//! Functions: their names and types, and what does their work.
//!
//! [`table`] has them all. [`math`] and [`date`] are of each value alone, [`over_range`] hands windows of samples to
//! [`super::window`], [`histogram`] hands those of a histogram to [`buckets`]; the others see the whole vector.

mod absent;
mod buckets;
mod date;
mod histogram;
mod labels;
mod math;
mod order;
mod over_range;
mod table;
mod vector;

use super::{
    ast::{Call, Expr, TextRange},
    error::{EvalError, EvalErrorKind},
    grid::Grid,
    note::Level,
    row::Row,
    scope::{Evaluated, Scope},
    value::ValueType,
    window::Window,
};

pub(super) use table::{find, is_unsupported};

/// A function that expressions can call.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    pub(super) args: &'static [ValueType],
    /// How many of the last arguments may be left out.
    pub(super) optional: usize,
    /// What more arguments are, if there may be any number of them.
    pub(super) more: Option<ValueType>,
    pub(super) returns: ValueType,
    body: Body,
}

impl Function {
    /// Whether it gives nothing for a window of one sample.
    pub fn needs_two(&self) -> bool {
        matches!(
            self.name,
            "rate"
                | "increase"
                | "irate"
                | "delta"
                | "idelta"
                | "deriv"
                | "predict_linear"
                | "double_exponential_smoothing"
        )
    }
}

type OfWindow = fn(&Window<'_>, &[f64]) -> Option<f64>;
type OfCall = fn(&mut Scope<'_>, &Call, TextRange, Grid) -> Result<Evaluated, EvalError>;

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

/// What a call gives.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    match call.function.body {
        Body::Each(of) => each(scope, arg(call, 0, range)?, grid, |_, v| of(v)),
        Body::Date(of) => {
            let of = |seconds| date::Date::of(seconds).map_or(f64::NAN, |date| of(&date));
            match call.args.first() {
                Some(expr) => each(scope, expr, grid, |_, v| of(v)),
                None => Ok(vector::of_numbers(grid.times().map(|time| of(time.div_euclid(1_000) as f64)))),
            }
        }
        Body::Window(of) => over_range::evaluate(scope, call, range, grid, of, true),
        Body::Pick(of) => over_range::evaluate(scope, call, range, grid, of, false),
        Body::Counter(of) => over_range::of_counters(scope, call, range, grid, of),
        Body::Scalars(of) => {
            let args: Vec<Vec<f64>> =
                call.args.iter().map(|arg| scope.scalar(arg, grid)).collect::<Result<_, _>>()?;
            let at = |step: usize| args.iter().map(|values| values[step]).collect::<Vec<_>>();
            Ok(Evaluated::Scalar((0..grid.count).map(|step| of(&at(step))).collect()))
        }
        Body::Call(of) => of(scope, call, range, grid),
    }
}

/// An argument that has to be there; the parser has seen to that.
fn arg(call: &Call, at: usize, range: TextRange) -> Result<&Expr, EvalError> {
    call.args
        .get(at)
        .ok_or_else(|| EvalErrorKind::Argument(format!("argument {} is missing", at + 1)).at(range))
}

/// Each value replaced, by its step and itself.
fn each(
    scope: &mut Scope<'_>,
    expr: &Expr,
    grid: Grid,
    mut of: impl FnMut(usize, f64) -> f64,
) -> Result<Evaluated, EvalError> {
    let rows = scope.vector(expr, grid)?.into_iter();
    let mapped = rows.map(|row| Row { column: row.column.map(&mut of), ..row }).collect();
    scope.renamed(mapped, grid, expr.range).map(Evaluated::Vector)
}
