//! One line of OpenMetrics or Prometheus text.
//!
//! In: the bytes of a line. Out: its parts, numbers read, texts still escaped; [`labels`] unescapes. What one of
//! Prometheus' two parsers takes is taken, what both refuse is refused. Not here: what a line means to its neighbours.

mod error;
mod label;
pub(super) mod number;

pub use error::ExpositionError;
pub(super) use label::{exemplar_labels, labels};

use std::borrow::Cow;

use super::Kind;
use error::excerpt;
use label::{blank, is_metric_name, quoted};

/// A line, its texts not yet unescaped.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    Sample(Sample<'a>),
    Type {
        family: Cow<'a, str>,
        kind: Kind,
    },
    Eof,
    /// Blank, a comment, help, a unit.
    Nothing,
}

#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    /// Name and labels as they stand there; the same text is the same series.
    pub(super) series: &'a str,
    pub(super) value: f64,
    pub(super) time: &'a str,
    pub(super) exemplar: Option<ExemplarText<'a>>,
}

#[derive(Debug, PartialEq)]
pub(super) struct ExemplarText<'a> {
    pub(super) labels: &'a str,
    pub(super) value: f64,
    /// Milliseconds since the epoch.
    pub(super) time: Option<i64>,
}

/// Takes a line apart.
pub(super) fn line(bytes: &[u8]) -> Result<Line<'_>, ExpositionError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ExpositionError::NotText)?;
    let text = blank(text);
    if let Some(comment) = text.strip_prefix('#') {
        return comment_line(comment);
    }
    if text.is_empty() {
        return Ok(Line::Nothing);
    }
    let (series, rest) = text.split_at(series_end(text)?);
    if blank(rest).starts_with('{') {
        return Err(ExpositionError::NativeHistogram);
    }
    let (rest, exemplar) = match rest.split_once(" # ") {
        Some((sample, exemplar)) => (sample, Some(exemplar_text(exemplar)?)),
        None => (rest, None),
    };
    let mut words = words(rest);
    let value = value(words.next().unwrap_or_default())?;
    let time = words.next().ok_or(ExpositionError::NoTime)?;
    nothing_more(words)?;
    Ok(Line::Sample(Sample { series, value, time, exemplar }))
}

/// What stands behind a `#`. Only white space makes more of it than a comment.
fn comment_line(text: &str) -> Result<Line<'_>, ExpositionError> {
    if text == " EOF" {
        return Ok(Line::Eof);
    }
    let words = blank(text);
    let Some(text) =
        words.strip_prefix("TYPE").filter(|rest| words.len() < text.len() && rest.starts_with([' ', '\t']))
    else {
        return Ok(Line::Nothing);
    };
    let text = blank(text);
    let (family, rest) = if text.starts_with('"') {
        let (family, rest) = quoted(text)?;
        (Cow::Owned(family), rest)
    } else {
        let (family, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
        if !is_metric_name(family) {
            return Err(ExpositionError::MetricName(excerpt(family)));
        }
        (Cow::Borrowed(family), rest)
    };
    let kind = match blank(rest) {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "summary" => Kind::Summary,
        "untyped" | "unknown" | "info" | "stateset" | "gaugehistogram" => Kind::Other,
        other => return Err(ExpositionError::Type(excerpt(other))),
    };
    Ok(Line::Type { family, kind })
}

/// An exemplar, as it stands behind `# `.
pub(super) fn exemplar_text(text: &str) -> Result<ExemplarText<'_>, ExpositionError> {
    if !text.starts_with('{') {
        return Err(ExpositionError::Labels("those of an exemplar stand in braces"));
    }
    let (labels, rest) = text.split_at(series_end(text)?);
    let mut words = words(rest);
    let value = value(words.next().unwrap_or_default())?;
    let time = words.next().map(time_in_seconds).transpose()?;
    nothing_more(words)?;
    Ok(ExemplarText { labels, value, time })
}

/// A time in seconds, as milliseconds.
pub(super) fn time_in_seconds(text: &str) -> Result<i64, ExpositionError> {
    number::seconds(text).ok_or_else(|| ExpositionError::Time(excerpt(text)))
}

/// A time in milliseconds.
pub(super) fn time_in_milliseconds(text: &str) -> Result<i64, ExpositionError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| ExpositionError::Time(excerpt(text)))
}

fn value(text: &str) -> Result<f64, ExpositionError> {
    number::float(text).ok_or_else(|| ExpositionError::Value(excerpt(text)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t']).filter(|word| !word.is_empty())
}

fn nothing_more<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<(), ExpositionError> {
    words.next().map_or(Ok(()), |more| Err(ExpositionError::Trailing(excerpt(more))))
}

/// Where name and labels end: at white space outside braces, or at the closing brace.
fn series_end(text: &str) -> Result<usize, ExpositionError> {
    let bytes = text.as_bytes();
    let Some(name) = bytes.iter().position(|b| matches!(b, b'{' | b' ' | b'\t')) else {
        return Ok(text.len());
    };
    // Some writers put white space before the brace.
    let open = text.len() - blank(&text[name..]).len();
    if bytes.get(open) != Some(&b'{') || is_histogram(&text[open + 1..]) {
        return Ok(name);
    }
    let mut at = open + 1;
    loop {
        // Outside quotes the first of these two, in quotes the closing one, which no backslash stands before.
        let Some(found) = memchr::memchr2(b'"', b'}', &bytes[at..]) else {
            return Err(ExpositionError::Labels("they have no closing brace"));
        };
        at += found + 1;
        if bytes[at - 1] == b'}' {
            return Ok(at);
        }
        loop {
            // Behind a backslash at the end there is not even nothing.
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(ExpositionError::Labels("a value has no closing quote"));
            };
            at += found + 1;
            if bytes[at - 1] == b'"' {
                break;
            }
            at += 1;
        }
    }
}

/// Whether what a brace opens is a value of several fields, as native histograms have, rather than labels:
/// `{count:5,sum:12.1,…}`.
fn is_histogram(text: &str) -> bool {
    let text = blank(text);
    text.starts_with('{')
        || text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_').starts_with(':')
}

#[cfg(test)]
mod tests;
