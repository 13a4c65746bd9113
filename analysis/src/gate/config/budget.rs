//! `[[budget]]`: limits for the spans of a name.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{
    ConfigError,
    document::{Document, yes},
};
use crate::{
    gate::{
        judgement::{Figure, Unit},
        quantity,
    },
    trace::summary::Row,
};

/// `[[budget]]`: limits for the spans of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The spans' name.
    pub span: String,
    /// Their service; otherwise each that has such spans.
    pub service: Option<String>,
    /// At least one limit.
    pub limits: Vec<Limit>,
    /// Whether a number that is over its limit fails.
    pub fail: bool,
}

/// A number that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Of what.
    pub measure: Measure,
    /// The number: nanoseconds, or a share of 1.
    pub figure: Figure,
}

/// What a budget limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The median duration.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The longest duration.
    Max,
    /// The share of spans that failed.
    Errors,
}

impl Measure {
    /// The key in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Errors => "errors",
        }
    }

    /// The duration that it means, if it means one.
    pub(in crate::gate) fn duration(self, row: &Row) -> Option<u64> {
        match self {
            Self::P50 => Some(row.p50_ns),
            Self::P90 => Some(row.p90_ns),
            Self::P95 => Some(row.p95_ns),
            Self::P99 => Some(row.p99_ns),
            Self::Max => Some(row.max_ns),
            Self::Errors => None,
        }
    }

    pub(in crate::gate) fn unit(self) -> Unit {
        if self == Self::Errors { Unit::Ratio } else { Unit::Ns }
    }
}

/// Limits for the spans of a name, for each service that has such spans; at least one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBudget {
    /// The spans' name.
    #[schemars(with = "String")]
    span: Spanned<String>,
    /// Their service, if only its spans are meant.
    service: Option<String>,
    /// The median duration, such as `"250ms"` (ns, us, ms, s, m).
    #[schemars(with = "Option<String>")]
    p50: Option<Spanned<Value>>,
    /// The 90th percentile of the durations, nearest-rank.
    #[schemars(with = "Option<String>")]
    p90: Option<Spanned<Value>>,
    /// The 95th percentile.
    #[schemars(with = "Option<String>")]
    p95: Option<Spanned<Value>>,
    /// The 99th percentile.
    #[schemars(with = "Option<String>")]
    p99: Option<Spanned<Value>>,
    /// The longest duration.
    #[schemars(with = "Option<String>")]
    max: Option<Spanned<Value>>,
    /// The share of spans that failed: `"1%"`, `"0.01"` or a number.
    #[schemars(with = "Option<String>")]
    errors: Option<Spanned<Value>>,
    /// Whether a number that is over its limit fails.
    #[serde(default = "yes")]
    fail: bool,
}

impl RawBudget {
    pub(super) fn read_all(raw: Vec<Self>, document: &Document<'_>) -> Result<Vec<Budget>, ConfigError> {
        let mut budgets: Vec<Budget> = Vec::new();
        for raw in raw {
            let at = raw.span.span();
            let budget = raw.read(document)?;
            if budgets.iter().any(|b| (&b.span, &b.service) == (&budget.span, &budget.service)) {
                return Err(document.fault(at, format!("a budget for {:?} is there already", budget.span)));
            }
            budgets.push(budget);
        }
        Ok(budgets)
    }

    fn read(self, document: &Document<'_>) -> Result<Budget, ConfigError> {
        let mut limits = Vec::new();
        for (measure, value) in [
            (Measure::P50, self.p50),
            (Measure::P90, self.p90),
            (Measure::P95, self.p95),
            (Measure::P99, self.p99),
            (Measure::Max, self.max),
            (Measure::Errors, self.errors),
        ] {
            if let Some(value) = value {
                limits.push(Limit { measure, figure: figure(measure, &value, document)? });
            }
        }
        let span = self.span.get_ref().clone();
        if limits.is_empty() {
            let what = format!(
                "the budget for {span:?} has no limit: give one of p50, p90, p95, p99, max and errors"
            );
            return Err(document.fault(self.span.span(), what));
        }
        Ok(Budget { span, service: self.service, limits, fail: self.fail })
    }
}

fn figure(measure: Measure, value: &Spanned<Value>, document: &Document<'_>) -> Result<Figure, ConfigError> {
    let found = match (measure, value.get_ref()) {
        (Measure::Errors, Value::String(text)) => quantity::share(text).map(Figure::Real),
        (Measure::Errors, number @ (Value::Float(_) | Value::Integer(_))) => {
            quantity::share(&number.to_string()).map(Figure::Real)
        }
        (Measure::Errors, _) => None,
        (_, Value::String(text)) => quantity::duration(text).map(Figure::Integer),
        _ => None,
    };
    found.ok_or_else(|| {
        let (key, given) = (measure.as_str(), value.get_ref());
        let what = match measure {
            Measure::Errors => format!("{key}: {given} is no share such as \"1%\" or \"0.01\""),
            _ => format!("{key}: {given} is no duration such as \"250ms\" (units: ns, us, µs, ms, s, m)"),
        };
        document.fault(value.span(), what)
    })
}
