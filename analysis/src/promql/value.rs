//! What expressions give.

use std::fmt;

use crate::metrics::Labels;

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// A number for each of some label sets.
    Vector,
    /// Samples for each of some label sets.
    Range,
    /// A text.
    Text,
}

/// In Prometheus' words.
impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Vector => "instant vector",
            Self::Range => "range vector",
            Self::Text => "string",
        })
    }
}

/// An element of a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Whose value it is.
    pub labels: Labels,
    /// The value.
    pub value: f64,
    /// Whether the metric's name, if still there, is to go at the end.
    pub(super) nameless: bool,
}

impl Sample {
    /// An element.
    pub fn new(labels: Labels, value: f64) -> Self {
        Self { labels, value, nameless: false }
    }
}

/// A series of a range vector, or of a query over a range of time.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSeries {
    /// Whose values these are.
    pub labels: Labels,
    /// Times in milliseconds since the epoch, and values.
    pub samples: Vec<(i64, f64)>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// A number for each of some label sets.
    Vector(Vec<Sample>),
    /// Samples for each of some label sets.
    Range(Vec<RangeSeries>),
    /// A text.
    Text(String),
}

/// A number as Prometheus prints it: without exponent, `+Inf`, `-Inf`, `NaN`.
pub fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}
