//! What is compared of the spans of a row.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// So many traces have to lie beyond a percentile for it to be compared.
const BEYOND: u32 = 10;
/// So many traces are wanted for what every trace tells something of.
const FOR_A_MEAN: u32 = 100;

/// A figure of a row's spans. Of all of them, less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// A nearest-rank percentile of the durations, in thousandths: 950 is p95.
    Percentile(u16),
    /// The mean duration.
    Mean,
    /// The mean self time.
    SelfTime,
    /// The row's share of the critical paths of all traces.
    Critical,
    /// The share of spans with the status `error`.
    Errors,
    /// Spans a trace, over all traces of the side.
    Calls,
}

/// In what a figure is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds; two are compared by their ratio.
    Nanoseconds,
    /// A number of spans a trace; two are compared by their ratio.
    PerTrace,
    /// A share between 0 and 1; two are compared by their difference.
    Share,
}

impl Figure {
    /// The median.
    pub const P50: Self = Self::Percentile(500);
    /// The 95th percentile.
    pub const P95: Self = Self::Percentile(950);
    /// The 99th percentile.
    pub const P99: Self = Self::Percentile(990);

    /// In what it is measured.
    pub fn unit(self) -> Unit {
        match self {
            Self::Percentile(_) | Self::Mean | Self::SelfTime => Unit::Nanoseconds,
            Self::Calls => Unit::PerTrace,
            Self::Critical | Self::Errors => Unit::Share,
        }
    }

    /// How many traces a side must have for it to be compared: of a percentile, so many that ten lie beyond it
    /// (200 for p95), else 100.
    pub fn traces_wanted(self) -> u32 {
        match self {
            Self::Percentile(thousandths) => {
                let beyond = u32::from(thousandths.min(1_000 - thousandths));
                (1_000 * BEYOND).div_ceil(beyond)
            }
            _ => FOR_A_MEAN,
        }
    }

    /// Whether it is of all traces of a side, not only of those with spans of the row.
    pub(super) fn is_of_all_traces(self) -> bool {
        matches!(self, Self::Critical | Self::Calls)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(thousandths) if thousandths % 10 == 0 => write!(f, "p{}", thousandths / 10),
            Self::Percentile(thousandths) => write!(f, "p{}.{}", thousandths / 10, thousandths % 10),
            Self::Mean => f.write_str("mean"),
            Self::SelfTime => f.write_str("self"),
            Self::Critical => f.write_str("critical"),
            Self::Errors => f.write_str("errors"),
            Self::Calls => f.write_str("calls"),
        }
    }
}

/// A text that names no figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no figure: there are p1 to p99.9, mean, self, critical, errors and calls")]
pub struct NoFigure(pub(super) String);

impl FromStr for Figure {
    type Err = NoFigure;

    fn from_str(text: &str) -> Result<Self, NoFigure> {
        Ok(match text {
            "mean" => Self::Mean,
            "self" => Self::SelfTime,
            "critical" => Self::Critical,
            "errors" => Self::Errors,
            "calls" => Self::Calls,
            _ => Self::Percentile(thousandths(text).ok_or_else(|| NoFigure(text.to_owned()))?),
        })
    }
}

/// Of a percentile from `p1` to `p99.9`.
fn thousandths(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('p')?;
    let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_plain =
        |digits: &str, most| (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(whole, 2) || !is_plain(tenth, 1) || whole.starts_with('0') {
        return None;
    }
    Some(10 * whole.parse::<u16>().ok()? + tenth.parse::<u16>().ok()?)
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Figure {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Figure".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^(p[1-9][0-9]?(\.[1-9])?|mean|self|critical|errors|calls)$",
            "description": "A percentile of the durations, the mean duration, the mean self time, the share of the critical \
                            path, the share of failed spans, or spans a trace.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_are_written() {
        for text in ["p1", "p50", "p95", "p99", "p99.9", "mean", "self", "critical", "errors", "calls"] {
            assert_eq!(text.parse::<Figure>().map(|figure| figure.to_string()).as_deref(), Ok(text));
        }
        for text in ["p0", "p100", "p095", "p9.95", "p99.", "p.5", "p+1", "P95", "95", "max", ""] {
            assert_eq!(text.parse::<Figure>(), Err(NoFigure(text.to_owned())));
        }
    }

    #[test]
    fn rarer_durations_want_more_traces() {
        let wanted = ["p50", "p10", "p95", "p99", "p99.9", "errors"]
            .map(|text| text.parse::<Figure>().unwrap().traces_wanted());
        assert_eq!(wanted, [20, 100, 200, 1_000, 10_000, 100]);
    }
}
