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
}

impl Sample {
    /// An element.
    pub fn new(labels: Labels, value: f64) -> Self {
        Self { labels, value }
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

/// Whether two numbers are the same but for rounding: they differ by less than `tolerance`, as a share of the sum of their
/// sizes. NaN is NaN. Prometheus' `almost.Equal`.
pub(crate) fn almost_equal(a: f64, b: f64, tolerance: f64) -> bool {
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < tolerance * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < tolerance
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

/// A number as Prometheus prints it in notes: Go's `%g`.
pub(super) fn general(value: f64) -> String {
    with_exponent(value, &format!("{value:e}"), 6)
}

/// A number of two digits: Go's `%.2g`.
pub(super) fn general_short(value: f64) -> String {
    with_exponent(value, &format!("{value:.1e}"), 2)
}

/// `digits` of the form `1.5e-7` as Go prints them: without exponent from 1e-4 to below `10^most`.
fn with_exponent(value: f64, digits: &str, most: i32) -> String {
    if !value.is_finite() {
        return number(value);
    }
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let mantissa =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..most).contains(&exponent) {
        return format!("{mantissa}e{exponent}").parse::<f64>().map_or_else(|_| digits.to_owned(), number);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A time in milliseconds since the epoch, to the second: `2026-11-25T18:00:00Z`.
pub(super) fn date_time(ms: i64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp(ms.div_euclid(1_000));
    let text = time.ok().and_then(|time| time.format(&time::format_description::well_known::Rfc3339).ok());
    text.unwrap_or_else(|| format!("{ms} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right column is what Go 1.19's `fmt` prints.
    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        let table = [
            (0.0, "0", "0"),
            (1.5, "1.5", "1.5"),
            (100.0, "100", "1e+02"),
            (1_234_567.0, "1.234567e+06", "1.2e+06"),
            (123_456_789.0, "1.23456789e+08", "1.2e+08"),
            (0.000_05, "5e-05", "5e-05"),
            (-12.0, "-12", "-12"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NAN, "NaN", "NaN"),
        ];
        for (value, long, short) in table {
            assert_eq!((general(value).as_str(), general_short(value).as_str()), (long, short));
        }
        assert_eq!(date_time(1_735_084_800_000), "2024-12-25T00:00:00Z");
    }
}
