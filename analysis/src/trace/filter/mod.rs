//! Which spans count: conditions on single spans, in the syntax of TraceQL's `{ … }`.
//!
//! In: a text such as `name = "GET" && duration > 100ms`, with or without braces. Out: a [`Filter`], which says of a
//! [`Subject`] whether it meets the condition; or a [`FilterError`] with the place and what was expected there. Not here:
//! where spans come from, and TraceQL's language around the braces (pipelines, other spans than this one, arithmetic):
//! each word of it is refused by name.
//!
//! The meaning is TraceQL's, as Tempo's documentation ("Construct a TraceQL query") and grammar (`expr.y`) have it:
//!
//! - An attribute that a span does not have, or that is of another type than the value, meets no comparison, `!=` among
//!   them. `nil` asks for that: `.x = nil` is met by spans without `x`, `.x != nil` by those with. `null` is nil.
//! - Numbers and durations are of one type; a duration is its nanoseconds. Text is compared by its bytes.
//! - A list meets `!=` and `!~` if all elements do, any other operator if one element does.
//! - A regular expression has to match all of the text; its `.` takes line ends too.
//! - `&&` and `||` bind alike, from left to right. `!` binds more than any of them.
//! - An attribute alone, such as `.cache.hit`, is `.cache.hit = true`.
//! - `.x` is the span's attribute, or else that of its resource, of which only `service.name` is known here.
//!
//! Departures, all to the strict side or an addition: `duration` is compared with a duration only (Tempo takes a bare
//! number for nanoseconds), `0` excepted; a comparison after `!` needs parentheses; `service` stands for
//! `resource.service.name`.

mod condition;
mod literal;
mod operand;
mod parse;
mod evaluate;

use std::{fmt, str::FromStr};

use glyph_formats::span::{SpanKind, SpanStatus};

use self::condition::Condition;
use crate::promql::{TextRange, caret};

/// A condition on single spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Condition);

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subject<'a> {
    /// The span name.
    pub name: &'a str,
    /// The service.
    pub service: &'a str,
    /// The span's role between services.
    pub kind: SpanKind,
    /// How it ended.
    pub status: SpanStatus,
    /// Why it failed; empty if nobody said.
    pub status_message: &'a str,
    /// How long it took.
    pub duration_ns: u64,
    /// A JSON object's text, or empty.
    pub attributes: &'a str,
}

impl Filter {
    /// Whether the span meets the condition.
    pub fn matches(&self, span: &Subject<'_>) -> bool {
        self.0.holds(span)
    }

    /// Whether it names an attribute. If not, [`Subject::attributes`] is not looked at.
    pub fn needs_attributes(&self) -> bool {
        self.0.needs_attributes()
    }
}

impl fmt::Display for Filter {
    /// In canonical form, which parses to the same filter, and which Tempo understands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ {} }}", self.0)
    }
}

/// Why a text is no [`Filter`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct FilterError {
    /// Where, for people: `column 9`, or `line 2, column 9`, counted from 1.
    pub place: String,
    /// What is wrong, or what was expected.
    pub what: String,
    shown: Option<String>,
}

impl FilterError {
    /// Of a filter longer than this nothing is shown.
    const LONGEST_SHOWN: usize = 200;

    fn new(text: &str, fault: literal::Fault) -> Self {
        let before = &text[..text.floor_char_boundary(fault.range.start)];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let place = match before.matches('\n').count() {
            0 => format!("column {column}"),
            lines => format!("line {}, column {column}", lines + 1),
        };
        let range = TextRange { start: fault.range.start, end: fault.range.end };
        let shown = (text.len() <= Self::LONGEST_SHOWN).then(|| caret(text, range));
        Self { place, what: fault.what, shown }
    }

    /// The line with the fault, and a line with carets under it; none of a long filter.
    pub fn shown(&self) -> Option<&str> {
        self.shown.as_deref()
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        parse::condition(text).map(Self).map_err(|fault| FilterError::new(text, fault))
    }
}

#[cfg(test)]
mod tests;
