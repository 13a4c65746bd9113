//! What kinds of findings there are. Their names are stable: people write them behind `--ignore`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::Serialize;

/// What kind of fault a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`about` says what each is")]
pub enum Code {
    NoSeries,
    UnseenValue,
    UnknownLabel,
    DroppedLabel,
    QuantileWithoutLe,
    RateOfGauge,
    GaugeFunctionOnCounter,
    ShortRange,
    ComparisonNeverTrue,
    ForBelowInterval,
    UnknownTemplateLabel,
    TemplateError,
    DuplicateRule,
    InvalidRule,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::NoSeries,
        Self::UnseenValue,
        Self::UnknownLabel,
        Self::DroppedLabel,
        Self::QuantileWithoutLe,
        Self::RateOfGauge,
        Self::GaugeFunctionOnCounter,
        Self::ShortRange,
        Self::ComparisonNeverTrue,
        Self::ForBelowInterval,
        Self::UnknownTemplateLabel,
        Self::TemplateError,
        Self::DuplicateRule,
        Self::InvalidRule,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSeries => "no-series",
            Self::UnseenValue => "unseen-value",
            Self::UnknownLabel => "unknown-label",
            Self::DroppedLabel => "dropped-label",
            Self::QuantileWithoutLe => "quantile-without-le",
            Self::RateOfGauge => "rate-of-gauge",
            Self::GaugeFunctionOnCounter => "gauge-function-on-counter",
            Self::ShortRange => "short-range",
            Self::ComparisonNeverTrue => "comparison-never-true",
            Self::ForBelowInterval => "for-below-interval",
            Self::UnknownTemplateLabel => "unknown-template-label",
            Self::TemplateError => "template-error",
            Self::DuplicateRule => "duplicate-rule",
            Self::InvalidRule => "invalid-rule",
        }
    }

    /// What it means, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Self::NoSeries => "a selector finds no series, and no rule records any",
            Self::UnseenValue => "a matcher asks for a value that the label never has",
            Self::UnknownLabel => "a matcher, by, on, … names a label that the metric never has",
            Self::DroppedLabel => "a template, by, on, … names a label that was aggregated away",
            Self::QuantileWithoutLe => "histogram_quantile of buckets whose le was aggregated away",
            Self::RateOfGauge => "rate, increase or irate of what # TYPE calls a gauge",
            Self::GaugeFunctionOnCounter => "delta, deriv, … of what # TYPE calls a counter or a histogram",
            Self::ShortRange => "a range shorter than the scrapes that the function needs",
            Self::ComparisonNeverTrue => "a comparison that no value can meet",
            Self::ForBelowInterval => "for is shorter than the group's interval",
            Self::UnknownTemplateLabel => "a template reads a label that the series never have",
            Self::TemplateError => "a template that can't be parsed, or fails whatever the alert is",
            Self::DuplicateRule => "a rule that stands there twice",
            Self::InvalidRule => "a rule, or a file, that can't be loaded (exit code 2)",
        }
    }

    /// Whether it is told only where there is a recording.
    pub fn needs_data(self) -> bool {
        let of_data = [
            Self::NoSeries,
            Self::UnseenValue,
            Self::UnknownLabel,
            Self::RateOfGauge,
            Self::GaugeFunctionOnCounter,
            Self::UnknownTemplateLabel,
        ];
        of_data.contains(&self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no code {0:?}{hint}", hint = hint(.0))]
pub struct UnknownCode(pub String);

fn hint(text: &str) -> String {
    let near = super::near::nearest(text, Code::ALL.iter().map(|code| code.name()));
    near.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|code| code.name() == text);
        found.ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for code in Code::ALL {
            assert_eq!(code.name().parse(), Ok(code));
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
        let error = "rate-of-gage".parse::<Code>().unwrap_err().to_string();
        assert_eq!(error, "there is no code \"rate-of-gage\"; did you mean rate-of-gauge?");
        assert_eq!("x".parse::<Code>().unwrap_err().to_string(), "there is no code \"x\"");
    }
}
