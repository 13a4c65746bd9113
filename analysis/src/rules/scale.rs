//! Time made shorter: rules for minutes over a recording of seconds.

use std::{fmt, str::FromStr};

use crate::promql::{Expr, ExprKind};

/// A factor for durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    of: u32,
    to: u32,
}

impl Scale {
    /// The duration scaled, in milliseconds; what is something stays something.
    pub fn of(self, ms: i64) -> i64 {
        let scaled = (i128::from(ms) * i128::from(self.of)).div_euclid(i128::from(self.to));
        let scaled = i64::try_from(scaled).unwrap_or(i64::MAX);
        if ms > 0 { scaled.max(1) } else { scaled }
    }
}

impl FromStr for Scale {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (of, to) = text.split_once('/').unwrap_or((text, "1"));
        match (of.parse(), to.parse()) {
            (Ok(of), Ok(to)) if of > 0 && to > 0 => Ok(Self { of, to }),
            _ => Err("a scale is a fraction of two whole numbers, for example 1/60"),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.of, self.to)
    }
}

/// The functions in an expression whose results are other numbers over a shorter time: sums, counts, predictions.
pub fn changed_by_scale(expr: &Expr) -> Vec<&'static str> {
    const CHANGED: [&str; 10] = [
        "increase",
        "delta",
        "changes",
        "resets",
        "count_over_time",
        "sum_over_time",
        "predict_linear",
        "time",
        "timestamp",
        "double_exponential_smoothing",
    ];
    let mut found: Vec<&'static str> = expr.children().into_iter().flat_map(changed_by_scale).collect();
    if let ExprKind::Call(call) = &expr.kind
        && CHANGED.contains(&call.function.name)
    {
        found.push(call.function.name);
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Query;

    #[test]
    fn durations_shrink_but_not_to_nothing() {
        let scale: Scale = "1/60".parse().unwrap();
        assert_eq!([60_000, 120_000, 1, 0, -60_000].map(|ms| scale.of(ms)), [1_000, 2_000, 1, 0, -1_000]);
        for text in ["", "0/1", "1/0", "a", "1/2/3", "-1/2"] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_changes_its_meaning_is_named() {
        let query =
            Query::parse("sum(increase(a[5m])) > 5 and rate(a[1m]) > count_over_time(b[1m])").unwrap();
        assert_eq!(changed_by_scale(&query.expr), ["count_over_time", "increase"]);
    }
}
