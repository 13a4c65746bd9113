//! `eval`: an expression, when it is evaluated, and what it should give.

use super::{
    expect::{Expectations, Words},
    script::{Lines, ScriptError, time},
    series::{self, Point},
};
use crate::metrics::Labels;

/// An `eval` command.
#[derive(Debug, Clone)]
pub(super) struct Eval {
    pub(super) expr: String,
    pub(super) when: When,
    pub(super) expect: Expectations,
    pub(super) expected: Expected,
    /// The steps of the range vector that an instant query should give.
    pub(super) range_vector: Option<Steps>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// Milliseconds since the epoch.
    Instant(i64),
    Range(Steps),
}

/// The first and the last time, and how far apart they are; in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

/// A result.
#[derive(Debug, Clone)]
pub(super) enum Expected {
    /// Each with the number of its line among them.
    Series(Vec<(Labels, Vec<Point>)>),
    Scalar(f64),
    Text(String),
}

impl Eval {
    /// Reads the command's own line.
    pub(super) fn parse(word: &str, rest: &str) -> Result<Self, String> {
        let mut words = Line(rest);
        let kind = words.next("instant or range")?;
        let when = match kind {
            "instant" => {
                words.keyword("at")?;
                When::Instant(time(words.next("a time")?)?)
            }
            "range" => {
                words.keyword("from")?;
                let start = time(words.next("a time")?)?;
                words.keyword("to")?;
                let end = time(words.next("a time")?)?;
                words.keyword("step")?;
                let step = time(words.next("a duration")?)?;
                When::Range(Steps::new(start, end, step)?)
            }
            other => return Err(format!("expected instant or range after {word}, got {other:?}")),
        };
        let expr = words.0.trim();
        if expr.is_empty() {
            return Err("expected an expression at the end".to_owned());
        }
        let mut expect = Expectations::default();
        match (word, when) {
            ("eval", _) => {}
            ("eval_fail", _) => expect.fails = Some(Words::Any),
            ("eval_warn", _) => expect.some_warning = true,
            ("eval_info", _) => expect.some_info = true,
            ("eval_ordered", When::Instant(_)) => expect.ordered = true,
            _ => return Err(format!("there is no {word} {kind}")),
        }
        let expected = Expected::Series(Vec::new());
        Ok(Self { expr: expr.to_owned(), when, expect, expected, range_vector: None })
    }

    /// Reads what should come.
    pub(super) fn take_body(&mut self, lines: &mut Lines<'_>) -> Result<(), ScriptError> {
        while let Some((number, line)) = lines.next_of_body() {
            let is_last = self.take(line).map_err(|what| ScriptError { line: number, what })?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Takes a line; says whether no other can follow.
    fn take(&mut self, line: &str) -> Result<bool, String> {
        if self.expect.fails.is_some()
            && let Some(text) = line.strip_prefix("expected_fail_message")
        {
            self.expect.fails = Some(Words::Exactly(text.trim().to_owned()));
            return Ok(true);
        }
        if self.expect.fails.is_some()
            && let Some(pattern) = line.strip_prefix("expected_fail_regexp")
        {
            self.expect.fails = Some(Words::like(pattern)?);
            return Ok(true);
        }
        if line.starts_with("expect range vector") {
            self.expect_range_vector(line)?;
        } else if let Some(literal) = line.strip_prefix("expect string") {
            let (text, rest) = series::quoted(literal.trim())?;
            if !rest.is_empty() {
                return Err(format!("expected one text in quotes, got {:?}", literal.trim()));
            }
            self.expected = Expected::Text(text);
        } else if line == "expect" || line.starts_with("expect ") || line.starts_with("expect\t") {
            self.expect.take(line)?;
        } else if let Ok(value) = series::number(line) {
            self.expected = Expected::Scalar(value);
            return Ok(true);
        } else {
            self.take_series(line)?;
        }
        Ok(false)
    }

    fn take_series(&mut self, line: &str) -> Result<(), String> {
        let described = series::describe(line)?;
        if matches!(self.when, When::Instant(_)) && self.range_vector.is_none() {
            match described.points.as_slice() {
                [Point::None] | [] => return Err(format!("expected a value after {}", described.labels)),
                [_] => {}
                _ => {
                    return Err("an instant query gives one value a series; where it gives a range vector, a \
                                line `expect range vector from … to … step …` has to say so"
                        .to_owned());
                }
            }
        }
        if !matches!(self.expected, Expected::Series(_)) {
            self.expected = Expected::Series(Vec::new());
        }
        if let Expected::Series(all) = &mut self.expected {
            // Of a series that stands twice, the last counts.
            all.retain(|(labels, _)| *labels != described.labels);
            all.push((described.labels, described.points));
        }
        Ok(())
    }

    fn expect_range_vector(&mut self, line: &str) -> Result<(), String> {
        let mut words = Line(line.trim_start_matches("expect range vector"));
        let mut steps = || {
            words.keyword("from")?;
            let start = time(words.next("a time")?)?;
            words.keyword("to")?;
            let end = time(words.next("a time")?)?;
            words.keyword("step")?;
            Steps::new(start, end, time(words.0)?)
        };
        let steps = steps().map_err(|what| format!("expect range vector: {what}"))?;
        self.range_vector = Some(steps);
        // So does Prometheus' runner: what the vector is expected to end at is when it is asked for.
        self.when = When::Instant(steps.end);
        Ok(())
    }

    /// Whether a native histogram is among what should come.
    pub(super) fn expects_histograms(&self) -> bool {
        match &self.expected {
            Expected::Series(all) => all.iter().any(|(_, points)| points.contains(&Point::Histogram)),
            _ => false,
        }
    }
}

impl Steps {
    fn new(start: i64, end: i64, step: i64) -> Result<Self, String> {
        if end < start {
            return Err("the end is before the start".to_owned());
        }
        Ok(Self { start, end, step })
    }
}

/// What is left of a line, word by word.
struct Line<'a>(&'a str);

impl<'a> Line<'a> {
    fn next(&mut self, wanted: &str) -> Result<&'a str, String> {
        let rest = self.0.trim_start();
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        self.0 = &rest[end..];
        if end == 0 { Err(format!("expected {wanted}, got the end of the line")) } else { Ok(&rest[..end]) }
    }

    fn keyword(&mut self, word: &str) -> Result<(), String> {
        match self.next(&format!("`{word}`"))? {
            found if found == word => Ok(()),
            found => Err(format!("expected `{word}`, got {found:?}")),
        }
    }
}
