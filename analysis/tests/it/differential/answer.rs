//! What either evaluator says, in one form, and whether two answers are the same.

use std::fmt;

use glyph_analysis::{
    metrics::{Labels, Store},
    promql::{EvalError, Evaluator, Query, RangeSeries, Settings, Value, number},
};
use serde_json::Value as Json;

use super::{http::Client, server::ask};

/// When an expression is evaluated, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    At(i64),
    Range { start: i64, end: i64, step: i64 },
}

/// An answer; series are sorted by their labels unless their order is asked for.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Scalar(f64),
    Vector(Vec<(Labels, f64)>),
    Matrix(Vec<(Labels, Vec<(i64, f64)>)>),
    Text(String),
    /// The expression is none, or can't be asked so.
    Refused(String),
    /// It has no value.
    Failed(String),
}

/// What the server says.
pub(super) fn theirs(client: &mut Client, expr: &str, when: When) -> Answer {
    let seconds = |ms: i64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let said = match when {
        When::At(time) => ask(client, "query", &[("query", expr), ("time", &seconds(time))]),
        When::Range { start, end, step } => {
            let [start, end, step] = [start, end, step].map(seconds);
            ask(client, "query_range", &[("query", expr), ("start", &start), ("end", &end), ("step", &step)])
        }
    };
    if said["status"] != "success" {
        let why = said["error"].as_str().unwrap().to_owned();
        return if said["errorType"] == "bad_data" { Answer::Refused(why) } else { Answer::Failed(why) };
    }
    let result = &said["data"]["result"];
    let each = || result.as_array().unwrap().iter();
    match said["data"]["resultType"].as_str().unwrap() {
        "scalar" => Answer::Scalar(point(result).1),
        "string" => Answer::Text(result[1].as_str().unwrap().to_owned()),
        "vector" => Answer::Vector(each().map(|e| (labels(e), point(&e["value"]).1)).collect()),
        _ => {
            let points = |e: &Json| e["values"].as_array().unwrap().iter().map(point).collect();
            Answer::Matrix(each().map(|e| (labels(e), points(e))).collect())
        }
    }
}

fn labels(element: &Json) -> Labels {
    let pairs = element["metric"].as_object().unwrap().iter();
    Labels::of(pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap())))
}

fn point(pair: &Json) -> (i64, f64) {
    let time = (pair[0].as_f64().unwrap() * 1e3).round() as i64;
    (time, pair[1].as_str().unwrap().parse().unwrap())
}

/// What we say.
pub(super) fn ours(store: &Store, expr: &str, when: When) -> Answer {
    let query = match Query::parse(expr) {
        Ok(query) => query,
        Err(e) => return Answer::Refused(e.to_string()),
    };
    let mut evaluator = Evaluator::new(&query, Settings::default());
    let answer = match when {
        When::At(time) => evaluator.instant(store, time).map(Answer::from),
        When::Range { start, end, step } => evaluator.range(store, start, end, step).map(matrix),
    };
    answer.unwrap_or_else(|e: EvalError| {
        let why = e.to_string();
        if why.starts_with("invalid expression type") { Answer::Refused(why) } else { Answer::Failed(why) }
    })
}

fn matrix(series: Vec<RangeSeries>) -> Answer {
    Answer::Matrix(series.into_iter().map(|s| (s.labels, s.samples)).collect())
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        match value {
            Value::Scalar(value) => Self::Scalar(value),
            Value::Vector(samples) => {
                Self::Vector(samples.into_iter().map(|s| (s.labels, s.value)).collect())
            }
            Value::Range(series) => matrix(series),
            Value::Text(text) => Self::Text(text),
        }
    }
}

impl Answer {
    /// Whether there is anything in it.
    pub(super) fn says_something(&self) -> bool {
        match self {
            Self::Scalar(_) | Self::Text(_) => true,
            Self::Vector(elements) => !elements.is_empty(),
            Self::Matrix(series) => !series.is_empty(),
            Self::Refused(_) | Self::Failed(_) => false,
        }
    }

    /// Whether another answer is the same; elements of a vector in the same order of values, if order counts.
    pub(super) fn is_same(&self, other: &Self, ordered: bool) -> bool {
        match (self, other) {
            (Self::Scalar(a), Self::Scalar(b)) => almost(*a, *b),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Vector(a), Self::Vector(b)) => {
                let in_order =
                    |a: &[(Labels, f64)], b: &[(Labels, f64)]| a.iter().zip(b).all(|(a, b)| almost(a.1, b.1));
                same(a, b, |a, b| almost(*a, *b)) && (!ordered || in_order(a, b))
            }
            (Self::Matrix(a), Self::Matrix(b)) => same(a, b, |a: &Vec<(i64, f64)>, b| {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && almost(a.1, b.1))
            }),
            (Self::Refused(_), Self::Refused(_)) | (Self::Failed(_), Self::Failed(_)) => true,
            _ => false,
        }
    }
}

/// Prometheus' own tolerance; what cancels out need not do so to the last bit.
pub(super) fn almost(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let difference = (a - b).abs();
    difference < 1e-9 || (difference.is_finite() && difference < 1e-6 * a.abs().max(b.abs()))
}

fn same<T>(a: &[(Labels, T)], b: &[(Labels, T)], equal: impl Fn(&T, &T) -> bool) -> bool {
    let sorted = |elements: &[(Labels, T)]| {
        let mut places: Vec<usize> = (0..elements.len()).collect();
        places.sort_by(|i, j| elements[*i].0.cmp(&elements[*j].0));
        places
    };
    let pairs = || sorted(a).into_iter().zip(sorted(b));
    a.len() == b.len() && pairs().all(|(i, j)| a[i].0 == b[j].0 && equal(&a[i].1, &b[j].1))
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(value) => writeln!(f, "    {}", number(*value)),
            Self::Text(text) => writeln!(f, "    {text:?}"),
            Self::Vector(elements) => {
                elements.iter().try_for_each(|(labels, value)| writeln!(f, "    {labels} {}", number(*value)))
            }
            Self::Matrix(series) => series.iter().try_for_each(|(labels, samples)| {
                write!(f, "    {labels}")?;
                samples.iter().try_for_each(|(time, v)| write!(f, " {}@{time}", number(*v)))?;
                writeln!(f)
            }),
            Self::Refused(why) => writeln!(f, "    refused: {why}"),
            Self::Failed(why) => writeln!(f, "    failed: {why}"),
        }
    }
}
