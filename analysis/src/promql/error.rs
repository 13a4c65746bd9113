//! What can be wrong with an expression, and how its place is shown.

use super::ast::TextRange;

/// Why a text is no expression that can be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ParseError {
    /// What is wrong, or what is not supported.
    pub what: String,
    /// Where.
    pub range: TextRange,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct EvalError {
    /// What is wrong.
    pub kind: EvalErrorKind,
    /// Where.
    pub range: TextRange,
}

/// What can be wrong in evaluating. The texts are Prometheus' where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalErrorKind {
    /// More values at once than the settings allow.
    #[error("query processing would load too many samples into memory: more than {0}")]
    TooManySamples(usize),
    /// It was told to stop.
    #[error("query was canceled")]
    Cancelled,
    /// A result would have the same labels twice.
    #[error("vector cannot contain metrics with the same labelset")]
    DuplicateLabels,
    /// The side that has to be unique is not.
    #[error(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
         [{one}, {other}];many-to-many matching not allowed: matching labels must be unique on one side"
    )]
    ManyToMany {
        /// The labels in which they agree.
        group: String,
        /// `left` or `right`.
        side: &'static str,
        /// A series.
        one: String,
        /// And another.
        other: String,
    },
    /// Several elements meet one, and nothing allows it.
    #[error("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")]
    ManyToOne,
    /// Several results would be the same.
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    AmbiguousGroup,
    /// An argument has a value that it can't have.
    #[error("{0}")]
    Argument(String),
}

impl EvalErrorKind {
    /// The error at a place.
    pub(super) fn at(self, range: TextRange) -> EvalError {
        EvalError { kind: self, range }
    }
}

/// The line of `text` in which a range begins, and a line with carets under what the range covers of it.
pub fn caret(text: &str, range: TextRange) -> String {
    let start = floor(text, range.start);
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[from..].split('\n').next().unwrap_or_default();
    let end = floor(text, range.end).min(from + line.len()).max(start);
    let wide = |part: &str| part.chars().count();
    // Tabs stay tabs, so that the carets stand where they should.
    let indent: String = text[from..start].chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
    format!("{line}\n{indent}{}", "^".repeat(wide(&text[start..end]).max(1)))
}

/// The place in lines and columns, counted from 1, as Prometheus writes it.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..floor(text, at)];
    let line = before.matches('\n').count() + 1;
    (line, before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_fault() {
        let at = |start, end| TextRange { start, end };
        assert_eq!(caret("a + + b", at(4, 5)), "a + + b\n    ^");
        assert_eq!(caret("sum(\n  foo bar\n)", at(11, 14)), "  foo bar\n      ^^^");
        assert_eq!(caret("a", at(9, 12)), "a\n ^");
        assert_eq!(caret("ä + b", at(1, 2)), "ä + b\n^");
        assert_eq!(line_and_column("a\nb c", 4), (2, 3));
    }
}
