//! An expression evaluated: at one time, or over a range of times.

use std::sync::atomic::AtomicBool;

use super::{
    ast::{Expr, ExprKind},
    error::{EvalError, EvalErrorKind},
    grid::Grid,
    note::{Level, Note, Notes},
    parse::Query,
    row::{self, Row},
    scope::{Bounds, Evaluated, Scope, Selections},
    value::{RangeSeries, Sample, Value, ValueType},
};
use crate::metrics::Store;

/// What does not stand in the expression. The defaults are those of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How old a sample may be to count as now, in milliseconds; 5 minutes.
    pub lookback: i64,
    /// How often a subquery without a step evaluates, in milliseconds; each minute.
    pub subquery_step: i64,
    /// Whether metric names go at the end, not where an operation makes them wrong; no.
    pub delayed_name_removal: bool,
    /// How many values an evaluation may hold at once, of 8 bytes each; 50 million.
    pub max_samples: usize,
    /// Whether ranges, and the lookback, take in a sample at their left end, as before Prometheus 3; no.
    pub closed_ranges: bool,
    /// Whether series are worked on one after the other: for whoever evaluates expressions side by side already; no.
    pub one_thread: bool,
}

impl Settings {
    /// What the left end of a range is moved back by, so that what is right of it is what the range takes in. Times are
    /// whole milliseconds.
    pub(super) fn edge(self) -> i64 {
        i64::from(self.closed_ranges)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lookback: 300_000,
            subquery_step: 60_000,
            delayed_name_removal: false,
            max_samples: 50_000_000,
            closed_ranges: false,
            one_thread: false,
        }
    }
}

/// Evaluates one expression, as often as wanted.
#[derive(Debug)]
pub struct Evaluator<'q> {
    query: &'q Query,
    settings: Settings,
    cancelled: Option<&'q AtomicBool>,
    selections: Selections,
    notes: Notes,
}

impl<'q> Evaluator<'q> {
    /// An evaluator for that expression.
    pub fn new(query: &'q Query, settings: Settings) -> Self {
        Self { query, settings, cancelled: None, selections: Selections::default(), notes: Notes::default() }
    }

    /// Lets evaluations fail with [`EvalErrorKind::Cancelled`] soon after the flag is set, from another thread.
    #[must_use]
    pub fn cancelled_by(self, flag: &'q AtomicBool) -> Self {
        Self { cancelled: Some(flag), ..self }
    }

    /// What was said about the results so far, each note once.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.all()
    }

    /// The value at a time, in milliseconds since the epoch. Elements of a vector are in Prometheus' order: sorted
    /// if the expression sorts them, else by the labels of what they came from.
    ///
    /// # Errors
    /// If the expression has no value there: labels that clash, arguments that can't be, too many samples.
    pub fn instant(&mut self, store: &Store, time: i64) -> Result<Value, EvalError> {
        let expr = &self.query.expr;
        let mut scope = self.scope(store, Bounds { start: time, end: time, step: 0 });
        let grid = Grid::instant(time);
        if expr.value_type() == ValueType::Range {
            return scope.range_vector(expr, grid).map(|range| Value::Range(range.at_once(&scope, time)));
        }
        Ok(match scope.eval(expr, grid)? {
            Evaluated::Scalar(values) => Value::Scalar(values.first().copied().unwrap_or(f64::NAN)),
            Evaluated::Text(text) => Value::Text(text),
            Evaluated::Vector(rows) => {
                let samples = finished(rows, expr)?.into_iter();
                Value::Vector(
                    samples.filter_map(|row| Some(Sample::new(row.labels, row.column.at(0)?))).collect(),
                )
            }
        })
    }

    /// The values at `start`, and from there every `step` up to `end`, in milliseconds; series sorted by their
    /// labels. A series has no sample at a step at which it has no value.
    ///
    /// # Errors
    /// If the expression has no value at one of these times, or is itself of a time.
    pub fn range(
        &mut self,
        store: &Store,
        start: i64,
        end: i64,
        step: i64,
    ) -> Result<Vec<RangeSeries>, EvalError> {
        let expr = &self.query.expr;
        let refused = |what: &str| Err(EvalErrorKind::Argument(what.to_owned()).at(expr.range));
        if step <= 0 {
            return refused("the step must be greater than 0");
        }
        if !matches!(expr.value_type(), ValueType::Scalar | ValueType::Vector) {
            return refused("invalid expression type for range query, must be Scalar or instant Vector");
        }
        self.warn_of_sorts();
        let grid = Grid::range(start, end, step);
        let mut scope = self.scope(store, Bounds { start, end, step });
        scope.reserve(1, grid.count, expr.range)?;
        if grid.count == 0 {
            return Ok(Vec::new());
        }
        let dated = |(step, value)| (grid.time(step), value);
        Ok(match scope.eval(expr, grid)? {
            Evaluated::Scalar(values) => {
                let samples = values.into_iter().enumerate().map(dated).collect();
                vec![RangeSeries { labels: crate::metrics::Labels::empty(), samples }]
            }
            Evaluated::Text(_) => Vec::new(),
            Evaluated::Vector(rows) => {
                let mut rows = finished(rows, expr)?;
                rows.sort_by(|a, b| a.labels.cmp(&b.labels));
                let series = rows.into_iter().map(|row| RangeSeries {
                    samples: row.column.present().map(dated).collect(),
                    labels: row.labels,
                });
                series.collect()
            }
        })
    }

    fn scope<'s>(&'s mut self, store: &'s Store, bounds: Bounds) -> Scope<'s> {
        Scope {
            store,
            settings: self.settings,
            bounds,
            selections: &mut self.selections,
            notes: &mut self.notes,
            text: &self.query.text,
            cancelled: self.cancelled,
            held: 0,
        }
    }

    fn warn_of_sorts(&mut self) {
        let mut open = vec![&self.query.expr];
        while let Some(expr) = open.pop() {
            if let ExprKind::Call(call) = &expr.kind
                && call.function.name.starts_with("sort")
            {
                // Prometheus says `sort` of all four.
                let text = "sort is ineffective for range queries since results are always ordered by labels";
                self.notes.add(Level::Warning, text, &self.query.text, expr.range);
            }
            open.extend(expr.children());
        }
    }
}

/// Rows as a query gives them: names are gone that had to go.
fn finished(mut rows: Vec<Row>, expr: &Expr) -> Result<Vec<Row>, EvalError> {
    for row in rows.iter_mut().filter(|row| row.nameless) {
        row.labels = row::without_metric(&row.labels);
    }
    row::join(rows, expr.range)
}
