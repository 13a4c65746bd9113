//! The walk over the tree. Every node is evaluated at all steps of its grid before the node above it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustc_hash::FxHashMap;

use super::{
    aggregate,
    ast::{Expr, ExprKind, Shift, TextRange},
    binary,
    column::Column,
    constant::is_step_invariant,
    error::{EvalError, EvalErrorKind},
    evaluate::Settings,
    functions,
    grid::Grid,
    note::{Level, Notes},
    row::{self, Row},
    value::ValueType,
};
use crate::metrics::{SeriesId, Store};

/// The times of the whole query, whatever the grid of a subquery is. `step` is 0 for a query at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

/// What each selector, known by its place in the text, found when there were so many series.
pub(super) type Selections = FxHashMap<usize, (usize, Arc<[SeriesId]>)>;

/// What an evaluation has at hand.
pub(super) struct Scope<'a> {
    pub(super) store: &'a Store,
    pub(super) settings: Settings,
    pub(super) bounds: Bounds,
    pub(super) selections: &'a mut Selections,
    pub(super) notes: &'a mut Notes,
    pub(super) text: &'a str,
    pub(super) cancelled: Option<&'a AtomicBool>,
    /// How many values are held, by this node's ancestors and by itself.
    pub(super) held: usize,
}

/// What a node gives: at each step.
#[derive(Debug, Clone)]
pub(super) enum Evaluated {
    /// A number at each.
    Scalar(Vec<f64>),
    /// Series.
    Vector(Vec<Row>),
    Text(String),
}

impl Evaluated {
    /// How many values it holds.
    fn cells(&self) -> usize {
        match self {
            Self::Scalar(values) => values.len(),
            Self::Vector(rows) => rows.iter().map(|row| row.column.cells().max(1)).sum(),
            Self::Text(_) => 0,
        }
    }

    /// What was evaluated at one step, at as many.
    fn repeated(self, count: usize) -> Self {
        match self {
            Self::Scalar(values) => Self::Scalar(values.repeat(count)),
            Self::Vector(rows) => {
                let repeat = |row: Row| match row.column.at(0) {
                    Some(value) => Row { column: Column::constant(value, count), ..row },
                    None => row,
                };
                Self::Vector(rows.into_iter().map(repeat).collect())
            }
            text => text,
        }
    }
}

impl Scope<'_> {
    /// What an expression gives at each step.
    pub(super) fn eval(&mut self, expr: &Expr, grid: Grid) -> Result<Evaluated, EvalError> {
        self.check_cancelled(expr.range)?;
        let held = self.held;
        let evaluated = if grid.count > 1 && is_step_invariant(expr) {
            let once = self.node(expr, grid.first())?;
            self.reserve(once.cells(), grid.count, expr.range)?;
            once.repeated(grid.count)
        } else {
            self.node(expr, grid)?
        };
        self.held = held;
        self.reserve(evaluated.cells(), 1, expr.range)?;
        self.held = held + evaluated.cells();
        Ok(evaluated)
    }

    fn node(&mut self, expr: &Expr, grid: Grid) -> Result<Evaluated, EvalError> {
        match &expr.kind {
            ExprKind::Number(number) | ExprKind::Duration(number) => {
                self.reserve(1, grid.count, expr.range)?;
                Ok(Evaluated::Scalar(vec![*number; grid.count]))
            }
            ExprKind::Text(text) => Ok(Evaluated::Text(text.clone())),
            ExprKind::Paren(inner) | ExprKind::Plus(inner) => self.eval(inner, grid),
            ExprKind::Selector(selector) => self.newest(selector, grid).map(Evaluated::Vector),
            // A range vector is what functions take; what they do not take does not get here.
            ExprKind::Range { .. } | ExprKind::Subquery(_) => Err(wrong_type(ValueType::Vector, expr)),
            ExprKind::Aggregate(aggregate) => {
                aggregate::evaluate(self, aggregate, expr.range, grid).map(Evaluated::Vector)
            }
            ExprKind::Call(call) => functions::evaluate(self, call, expr.range, grid),
            ExprKind::Binary(b) => binary::evaluate(self, b, expr.range, grid),
            ExprKind::Negate(inner) => match self.eval(inner, grid)? {
                Evaluated::Scalar(values) => Ok(Evaluated::Scalar(values.into_iter().map(|v| -v).collect())),
                Evaluated::Vector(rows) => {
                    let negated =
                        rows.into_iter().map(|row| Row { column: row.column.map(|_, v| -v), ..row });
                    self.renamed(negated.collect(), grid, expr.range).map(Evaluated::Vector)
                }
                text => Ok(text),
            },
        }
    }

    /// What an expression gives that is a vector.
    pub(super) fn vector(&mut self, expr: &Expr, grid: Grid) -> Result<Vec<Row>, EvalError> {
        match self.eval(expr, grid)? {
            Evaluated::Vector(rows) => Ok(rows),
            _ => Err(wrong_type(ValueType::Vector, expr)),
        }
    }

    /// What an expression gives that is a number.
    pub(super) fn scalar(&mut self, expr: &Expr, grid: Grid) -> Result<Vec<f64>, EvalError> {
        match self.eval(expr, grid)? {
            Evaluated::Scalar(values) => Ok(values),
            _ => Err(wrong_type(ValueType::Scalar, expr)),
        }
    }

    /// Rows whose metric names are no longer true.
    pub(super) fn renamed(
        &self,
        mut rows: Vec<Row>,
        grid: Grid,
        range: TextRange,
    ) -> Result<Vec<Row>, EvalError> {
        if self.settings.delayed_name_removal {
            rows.iter_mut().for_each(|row| row.nameless = true);
            return self.joined(rows, grid, range);
        }
        if row::drop_names(&mut rows) { row::join(rows, range) } else { Ok(rows) }
    }

    /// Rows of which those are one that are called the same. At one time, names that go at the end may differ yet.
    pub(super) fn joined(&self, rows: Vec<Row>, grid: Grid, range: TextRange) -> Result<Vec<Row>, EvalError> {
        let may_differ_yet = self.settings.delayed_name_removal && grid.count == 1;
        if may_differ_yet { Ok(rows) } else { row::join(rows, range) }
    }

    /// The time that `offset` and `@` make of another.
    pub(super) fn shifted(&self, shift: Shift, time: i64) -> i64 {
        shift.of(time, self.bounds.start, self.bounds.end)
    }

    /// Says something about the result.
    pub(super) fn note(&mut self, level: Level, text: &str, range: TextRange) {
        self.notes.add(level, text, self.text, range);
    }

    /// Refuses `rows` times `steps` more values, should they be too many.
    pub(super) fn reserve(&self, rows: usize, steps: usize, range: TextRange) -> Result<(), EvalError> {
        let wanted = self.held.saturating_add(rows.saturating_mul(steps));
        if wanted > self.settings.max_samples {
            return Err(EvalErrorKind::TooManySamples(self.settings.max_samples).at(range));
        }
        Ok(())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    pub(super) fn check_cancelled(&self, range: TextRange) -> Result<(), EvalError> {
        if self.is_cancelled() { Err(EvalErrorKind::Cancelled.at(range)) } else { Ok(()) }
    }
}

/// A text that stands as an argument, in parentheses or not.
pub(super) fn text_of(expr: &Expr) -> Result<&str, EvalError> {
    match &expr.bare().kind {
        ExprKind::Text(text) => Ok(text),
        _ => Err(wrong_type(ValueType::Text, expr)),
    }
}

/// The parser sees to types; this says so should it be wrong.
pub(super) fn wrong_type(wanted: ValueType, expr: &Expr) -> EvalError {
    EvalErrorKind::Argument(format!("expected {wanted}, got {}", expr.value_type())).at(expr.range)
}
