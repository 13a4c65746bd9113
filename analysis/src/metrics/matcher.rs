//! What a selector asks of a label.

use std::fmt;

use regex::Regex;

use super::{Labels, Str, re2};

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
    regex: Option<Regex>,
}

impl Matcher {
    /// Makes a condition.
    ///
    /// # Errors
    /// If the value is to be a regular expression and is none, or one too large.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, regex::Error> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Matches | MatchOp::MatchesNot => Some(anchored(value)?),
        };
        Ok(Self { name: name.into(), op, value: value.into(), regex })
    }

    /// Whether a value meets the condition.
    pub fn accepts(&self, value: &str) -> bool {
        match (self.op, &self.regex) {
            (MatchOp::Equal, _) => *value == *self.value,
            (MatchOp::NotEqual, _) => *value != *self.value,
            (MatchOp::Matches, Some(regex)) => regex.is_match(value),
            (MatchOp::MatchesNot, Some(regex)) => !regex.is_match(value),
            // `new` gives these two a regular expression.
            (_, None) => false,
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
        write!(f, "{}{}{:?}", self.name, self.op, self.value)
    }
}

/// A regular expression that has to match all of the text, and whose `.` takes line ends too: Prometheus' way.
///
/// # Errors
/// If it is none, or one too large.
pub fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    // Alone first, so that no parenthesis in it can close the one around it.
    let pattern = re2::translated(pattern);
    Regex::new(&pattern)?;
    Regex::new(&format!("^(?s:{pattern})$"))
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
