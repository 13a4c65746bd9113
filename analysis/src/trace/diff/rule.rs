//! When a difference is a regression: rules as a user writes them.
//!
//! In: text such as `checkout*: p95 > 10% and > 2ms`. Out: a [`Rule`], which says of which spans it is, which figure it
//! looks at and by how much that may grow. Not here: whether a difference is more than noise.

use std::{fmt, str::FromStr};

use glob::{MatchOptions, Pattern};
use serde::{Serialize, Serializer};

use super::figure::{Figure, NoFigure, Unit};
use crate::trace::duration;

/// What must not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    text: String,
    spans: Option<Pattern>,
    /// What of them.
    pub(super) what: What,
}

/// What of the spans must not be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// A figure has grown by more than all of this.
    Grown(Figure, Growth),
    /// There are spans of a row that there were none of.
    New,
    /// There are no spans more of a row that there were some of.
    Gone,
}

/// By how much a figure may grow. At least one is there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Growth {
    /// Relative to what it was: 0.1 is 10 %.
    pub(super) relative: Option<f64>,
    /// In the figure's own unit: nanoseconds, spans a trace, a share (0.01 is one percentage point).
    pub(super) absolute: Option<f64>,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It has not the shape of one.
    #[error(
        "a rule is FIGURE > LIMIT, maybe with 'and > LIMIT', or new, or gone; before it may stand 'SPAN: '"
    )]
    Shape,
    /// It is of something unknown.
    #[error(transparent)]
    Figure(#[from] NoFigure),
    /// A limit is none, or none for that figure.
    #[error("{0:?} is no limit for {1}: {2}")]
    Limit(String, Figure, &'static str),
    /// Two limits are of one kind.
    #[error("two limits of one kind: one is relative (10%), the other absolute (2ms, 1pp)")]
    Twice,
    /// The pattern before the colon is none.
    #[error("{0:?} is no pattern: {1}")]
    Pattern(String, String),
}

impl Rule {
    /// The rules when nobody says which: what a user would notice.
    pub const DEFAULT: [&str; 3] = ["p50 > 5% and > 100us", "p95 > 5% and > 100us", "errors > 0.5pp"];

    /// The rules when nobody says which.
    pub fn defaults() -> Vec<Self> {
        // Each is one, as a test says.
        Self::DEFAULT.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// Whether it is of spans of this service and name.
    pub fn is_of(&self, service: &str, name: &str) -> bool {
        let options = MatchOptions::new();
        self.spans.as_ref().is_none_or(|pattern| {
            pattern.matches_with(name, options) || pattern.matches_with(&format!("{service} {name}"), options)
        })
    }

    /// The figure that it looks at, if it does.
    pub fn figure(&self) -> Option<Figure> {
        match self.what {
            What::Grown(figure, _) => Some(figure),
            What::New | What::Gone => None,
        }
    }

    /// Up to what its figure may grow from `base`, in the figure's unit; none for `new` and `gone`.
    pub fn most(&self, base: f64) -> Option<f64> {
        match self.what {
            What::Grown(_, growth) => Some(growth.most(base)),
            What::New | What::Gone => None,
        }
    }
}

impl Growth {
    /// What is more than that is more than all of it.
    fn most(&self, base: f64) -> f64 {
        let relative = self.relative.map_or(base, |limit| base * (1.0 + limit));
        relative.max(base + self.absolute.unwrap_or(0.0))
    }

    /// Whether growing from `base` to `new` is more than all of it.
    pub(super) fn is_passed(&self, base: f64, new: f64) -> bool {
        // From nothing, anything is more than any part of it.
        let is_relative = self.relative.is_none_or(|limit| new - base > limit * base);
        new > base && is_relative && self.absolute.is_none_or(|limit| new - base > limit)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        // A span's name may have colons itself.
        let (spans, rest) = match text.rsplit_once(": ") {
            Some((spans, rest)) => (Some(spans.trim()), rest.trim()),
            None => (None, text),
        };
        let spans = spans
            .map(|spans| {
                Pattern::new(spans)
                    .map_err(|error| RuleError::Pattern(spans.to_owned(), error.msg.to_owned()))
            })
            .transpose()?;
        let what = match rest {
            "new" => What::New,
            "gone" => What::Gone,
            _ => {
                let (figure, limits) = rest.split_once('>').ok_or(RuleError::Shape)?;
                let figure = figure.trim().parse()?;
                What::Grown(figure, growth(figure, limits)?)
            }
        };
        Ok(Self { text: text.to_owned(), spans, what })
    }
}

fn growth(figure: Figure, limits: &str) -> Result<Growth, RuleError> {
    let mut growth = Growth::default();
    for (i, part) in limits.split(" and ").enumerate() {
        let part = part.trim();
        let limit = if i == 0 { part } else { part.strip_prefix('>').ok_or(RuleError::Shape)?.trim() };
        let (place, value) = match limit.strip_suffix('%') {
            Some(percent) => (&mut growth.relative, number(percent).map(|n| n / 100.0)),
            None => (&mut growth.absolute, absolute(figure, limit)),
        };
        let value = value.filter(|value| *value >= 0.0);
        let value = value.ok_or_else(|| RuleError::Limit(limit.to_owned(), figure, wanted(figure)))?;
        if place.replace(value).is_some() {
            return Err(RuleError::Twice);
        }
    }
    Ok(growth)
}

fn absolute(figure: Figure, limit: &str) -> Option<f64> {
    match figure.unit() {
        Unit::Nanoseconds => duration::parse(limit).map(|ns| ns as f64),
        Unit::Share => number(limit.strip_suffix("pp")?).map(|points| points / 100.0),
        Unit::PerTrace => number(limit),
    }
}

fn number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.trim().parse::<f64>().ok().filter(|n| is_plain && n.is_finite())
}

fn wanted(figure: Figure) -> &'static str {
    match figure.unit() {
        Unit::Nanoseconds => "a part of what it was (10%) or a duration (2ms)",
        Unit::Share => "a part of what it was (10%) or percentage points (1pp)",
        Unit::PerTrace => "a part of what it was (10%) or spans a trace (0.5)",
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(text: &str) -> (Figure, Option<f64>, Option<f64>) {
        match text.parse::<Rule>().unwrap().what {
            What::Grown(figure, growth) => (figure, growth.relative, growth.absolute),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn limits_are_relative_and_absolute() {
        assert_eq!(grown("p95 > 10% and > 2ms"), (Figure::P95, Some(0.1), Some(2e6)));
        assert_eq!(grown("p99>2ms and >10%"), (Figure::P99, Some(0.1), Some(2e6)));
        assert_eq!(grown("errors > 1pp"), (Figure::Errors, None, Some(0.01)));
        assert_eq!(grown("calls > 0.5"), (Figure::Calls, None, Some(0.5)));
        assert_eq!(grown("GET /a: b: mean > 0%"), (Figure::Mean, Some(0.0), None));
    }

    #[test]
    fn a_pattern_is_of_names_or_of_services_and_names() {
        let rule: Rule = "shop GET /*: p95 > 10%".parse().unwrap();
        assert!(rule.is_of("shop", "GET /a/b") && !rule.is_of("pay", "GET /a/b"));
        let rule: Rule = "GET /*: gone".parse().unwrap();
        assert!(rule.is_of("shop", "GET /a/b") && !rule.is_of("shop", "POST /a") && rule.what == What::Gone);
    }

    #[test]
    fn what_is_no_rule_is_told() {
        let told = |text: &str| text.parse::<Rule>().unwrap_err().to_string();
        assert!(told("p95 < 10%").starts_with("a rule is FIGURE > LIMIT"));
        assert!(told("p95 > 10% and 2ms").starts_with("a rule is FIGURE > LIMIT"));
        assert!(told("p101 > 10%").starts_with("\"p101\" is no figure"));
        assert!(told("p95 > 2pp").starts_with("\"2pp\" is no limit for p95: "));
        assert!(told("errors > 2ms").ends_with("percentage points (1pp)"));
        assert!(told("p95 > -3%").starts_with("\"-3%\" is no limit"));
        assert!(told("p95 > ").starts_with("\"\" is no limit"));
        assert!(told("p95 > 1% and > 2%").starts_with("two limits"));
        assert!(told("[a: p95 > 1%").starts_with("\"[a\" is no pattern"));
    }

    #[test]
    fn growth_is_more_than_all_of_its_limits() {
        let growth = Growth { relative: Some(0.1), absolute: Some(2.0) };
        assert!(growth.is_passed(10.0, 12.5));
        assert!(!growth.is_passed(10.0, 12.0));
        assert!(!growth.is_passed(100.0, 105.0));
        assert!(growth.is_passed(0.0, 2.5));
        assert!(!Growth { relative: Some(0.0), absolute: None }.is_passed(1.0, 1.0));
    }

    #[test]
    fn the_rules_of_nobody_are_rules() {
        assert!(Rule::DEFAULT.iter().all(|text| text.parse::<Rule>().is_ok()));
    }
}
