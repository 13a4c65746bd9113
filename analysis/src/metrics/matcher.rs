//! What a selector asks of a label.

use std::fmt;

use regex::Regex;

use super::{
    Labels, Str, go_regex,
    quote::{label_name, quoted},
};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`: the whole value matches.
    Matches,
    /// `!~`
    MatchesNot,
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        })
    }
}

/// One condition on one label. A label that is not there is empty.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label.
    pub name: Str,
    /// How it is compared.
    pub op: MatchOp,
    /// With what, as it was written.
    pub value: Str,
    /// Of an operator that takes a regular expression.
    pattern: Option<Pattern>,
}

/// What a regular expression is.
#[derive(Debug, Clone)]
enum Pattern {
    /// One of these texts, sorted: `a|b`, which most are.
    Literals(Vec<Str>),
    Regex(Regex),
}

impl Pattern {
    fn new(text: &str) -> Result<Self, regex::Error> {
        if text.contains(['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$']) {
            return anchored(text).map(Self::Regex);
        }
        let mut literals: Vec<Str> = text.split('|').map(Str::from).collect();
        literals.sort_unstable();
        literals.dedup();
        Ok(Self::Literals(literals))
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Literals(texts) => texts.binary_search_by(|text| (**text).cmp(value)).is_ok(),
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}

impl Matcher {
    /// Makes a condition.
    ///
    /// # Errors
    /// If the value is to be a regular expression and is none, or one too large.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, regex::Error> {
        let pattern = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Matches | MatchOp::MatchesNot => Some(Pattern::new(value)?),
        };
        Ok(Self { name: name.into(), op, value: value.into(), pattern })
    }

    /// Whether a value meets the condition.
    pub fn accepts(&self, value: &str) -> bool {
        let wanted = matches!(self.op, MatchOp::Equal | MatchOp::Matches);
        let found = match &self.pattern {
            Some(pattern) => pattern.matches(value),
            None => *value == *self.value,
        };
        found == wanted
    }

    /// The only values that meet the condition, if it names them.
    pub(super) fn named_values(&self) -> Option<&[Str]> {
        match (self.op, &self.pattern) {
            (MatchOp::Equal, _) => Some(std::slice::from_ref(&self.value)),
            (MatchOp::Matches, Some(Pattern::Literals(values))) => Some(values),
            _ => None,
        }
    }

    /// Whether a label set meets it.
    pub fn admits(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.name))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", label_name(&self.name), self.op, quoted(&self.value))
    }
}

/// A regular expression in Go's dialect that has to match all of the text, and whose `.` takes line ends too:
/// Prometheus' way.
///
/// # Errors
/// If it is none, or one too large.
pub fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?s:{})$", go_regex::translate(pattern)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_whole() {
        let table = [
            (MatchOp::Equal, "a", "a", true),
            (MatchOp::Equal, "", "", true),
            (MatchOp::NotEqual, "a", "", true),
            (MatchOp::Matches, "a|b", "ab", false),
            (MatchOp::Matches, "a|b", "b", true),
            (MatchOp::Matches, "a.*", "a\nb", true),
            (MatchOp::Matches, ".*", "", true),
            (MatchOp::MatchesNot, ".+", "", true),
            (MatchOp::MatchesNot, "5..", "503", false),
        ];
        for (op, pattern, value, expected) in table {
            let matcher = Matcher::new("l", op, pattern).unwrap();
            assert_eq!(matcher.accepts(value), expected, "{value:?} {matcher}");
        }
        assert!(Matcher::new("l", MatchOp::Matches, "a)(b").is_err());
    }
}
