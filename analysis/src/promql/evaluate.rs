//! The walk over the tree, at one time.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    aggregate,
    ast::{Expr, ExprKind, TextRange},
    binary,
    error::{EvalError, EvalErrorKind},
    functions,
    note::{Level, Note, Notes},
    parse::Query,
    value::{RangeSeries, Sample, Value, ValueType},
};
use crate::metrics::{Labels, SeriesId, Store};

/// What does not stand in the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How old a sample may be to count as now, in milliseconds.
    pub lookback: i64,
    /// How often a subquery without a step evaluates, in milliseconds.
    pub subquery_step: i64,
    /// Whether metric names go at the end, not where an operation makes them wrong.
    pub delayed_name_removal: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lookback: 300_000, subquery_step: 60_000, delayed_name_removal: false }
    }
}

/// The steps of a query, in milliseconds. An instant query is one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

/// Evaluates one expression, as often as wanted.
#[derive(Debug)]
pub struct Evaluator<'q> {
    query: &'q Query,
    settings: Settings,
    selections: Selections,
    notes: Notes,
}

/// What each selector, known by its place in the text, found when there were so many series.
type Selections = FxHashMap<usize, (usize, Rc<[SeriesId]>)>;

/// What an evaluation has at hand.
pub(super) struct Scope<'a> {
    pub(super) store: &'a Store,
    pub(super) settings: Settings,
    pub(super) steps: Steps,
    pub(super) selections: &'a mut Selections,
    notes: &'a mut Notes,
    text: &'a str,
}

impl<'q> Evaluator<'q> {
    /// An evaluator for that expression.
    pub fn new(query: &'q Query, settings: Settings) -> Self {
        Self { query, settings, selections: Selections::default(), notes: Notes::default() }
    }

    /// What was said about the results so far, each note once.
    pub fn notes(&self) -> &[Note] {
        &self.notes.0
    }

    /// The value at a time, in milliseconds since the epoch.
    ///
    /// # Errors
    /// If the expression has no value there: labels that clash, arguments that can't be.
    pub fn instant(&mut self, store: &Store, time: i64) -> Result<Value, EvalError> {
        self.at(store, Steps { start: time, end: time, step: 0 }, time)
    }

    /// The values at `start`, and from there every `step` up to `end`.
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
        let range = self.query.expr.range;
        if step <= 0 {
            return Err(EvalErrorKind::Argument("the step must be greater than 0".to_owned()).at(range));
        }
        self.warn_of_sorts();
        let mut columns = Columns::default();
        let mut time = start;
        while time <= end {
            match self.at(store, Steps { start, end, step }, time)? {
                Value::Scalar(value) => columns.push(&Labels::empty(), time, value),
                Value::Vector(samples) => samples.iter().for_each(|s| columns.push(&s.labels, time, s.value)),
                Value::Range(_) | Value::Text(_) => {
                    let what = "invalid expression type for range query, must be Scalar or instant Vector";
                    return Err(EvalErrorKind::Argument(what.to_owned()).at(range));
                }
            }
            time += step;
        }
        Ok(columns.sorted())
    }

    fn at(&mut self, store: &Store, steps: Steps, time: i64) -> Result<Value, EvalError> {
        let mut scope = Scope {
            store,
            settings: self.settings,
            steps,
            selections: &mut self.selections,
            notes: &mut self.notes,
            text: &self.query.text,
        };
        let expr = &self.query.expr;
        match scope.value(expr, time)? {
            Value::Vector(mut samples) => {
                for sample in samples.iter_mut().filter(|s| s.nameless) {
                    sample.labels = sample.labels.without_name();
                    sample.nameless = false;
                }
                Ok(Value::Vector(distinct(samples, expr.range)?))
            }
            value => Ok(value),
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

impl<'a> Scope<'a> {
    /// The value of an expression at a time.
    pub(super) fn value(&mut self, expr: &Expr, time: i64) -> Result<Value, EvalError> {
        Ok(match &expr.kind {
            ExprKind::Number(number) | ExprKind::Duration(number) => Value::Scalar(*number),
            ExprKind::Text(text) => Value::Text(text.clone()),
            ExprKind::Paren(inner) | ExprKind::Plus(inner) => self.value(inner, time)?,
            ExprKind::Selector(selector) => Value::Vector(self.now(selector, time)),
            ExprKind::Range { .. } | ExprKind::Subquery(_) => Value::Range(self.ranges(expr, time)?),
            ExprKind::Aggregate(aggregate) => Value::Vector(aggregate::evaluate(self, aggregate, time)?),
            ExprKind::Call(call) => functions::evaluate(self, call, expr.range, time)?,
            ExprKind::Binary(b) => binary::evaluate(self, b, expr.range, time)?,
            ExprKind::Negate(inner) => match self.value(inner, time)? {
                Value::Scalar(value) => Value::Scalar(-value),
                Value::Vector(samples) => {
                    let negated = samples.into_iter().map(|s| self.renamed(s.labels, -s.value)).collect();
                    Value::Vector(distinct(negated, expr.range)?)
                }
                other => other,
            },
        })
    }

    /// The value of an expression that is a vector.
    pub(super) fn vector(&mut self, expr: &Expr, time: i64) -> Result<Vec<Sample>, EvalError> {
        match self.value(expr, time)? {
            Value::Vector(samples) => Ok(samples),
            _ => Err(wrong_type(ValueType::Vector, expr)),
        }
    }

    /// The value of an expression that is a number.
    pub(super) fn scalar(&mut self, expr: &Expr, time: i64) -> Result<f64, EvalError> {
        match self.value(expr, time)? {
            Value::Scalar(value) => Ok(value),
            _ => Err(wrong_type(ValueType::Scalar, expr)),
        }
    }

    /// An element whose metric name is no longer true.
    pub(super) fn renamed(&self, labels: Labels, value: f64) -> Sample {
        if self.settings.delayed_name_removal {
            return Sample { labels, value, nameless: true };
        }
        Sample { labels: labels.without_name(), value, nameless: false }
    }

    /// Says something about the result.
    pub(super) fn note(&mut self, level: Level, text: &str, range: TextRange) {
        self.notes.add(level, text, self.text, range);
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

/// Elements of which no two have the same labels.
pub(super) fn distinct(samples: Vec<Sample>, range: TextRange) -> Result<Vec<Sample>, EvalError> {
    let mut seen = FxHashSet::default();
    let all_new = match samples.as_slice() {
        [] | [_] => true,
        [a, b] => a.labels != b.labels,
        many => many.iter().all(|s| seen.insert(&s.labels)),
    };
    if all_new { Ok(samples) } else { Err(EvalErrorKind::DuplicateLabels.at(range)) }
}

/// Samples of many times, by their labels.
#[derive(Default)]
pub(super) struct Columns {
    places: FxHashMap<Labels, usize>,
    series: Vec<RangeSeries>,
}

impl Columns {
    pub(super) fn push(&mut self, labels: &Labels, time: i64, value: f64) {
        let place = match self.places.get(labels) {
            Some(place) => *place,
            None => {
                self.places.insert(labels.clone(), self.series.len());
                self.series.push(RangeSeries { labels: labels.clone(), samples: Vec::new() });
                self.series.len() - 1
            }
        };
        self.series[place].samples.push((time, value));
    }

    pub(super) fn sorted(mut self) -> Vec<RangeSeries> {
        self.series.sort_by(|a, b| a.labels.cmp(&b.labels));
        self.series
    }
}
