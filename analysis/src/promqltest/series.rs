//! The notation of series: `name{label="value"} 1 2 3+1x4 _x2 stale {{schema:0 count:3}}`.

use crate::{
    metrics::{Labels, Str, labels::NAME, stale},
    promql::{ExprKind, Query},
};

/// How many points a line may have; more is a slip, and would take the memory.
const MAX_POINTS: usize = 10_000_000;

/// What lies at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Point {
    /// Nothing.
    None,
    /// A sample; the stale marker is one.
    Float(f64),
    /// A native histogram, of which no more is known.
    Histogram,
}

/// Labels and points.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    /// As it was written.
    pub(crate) text: String,
    pub(crate) labels: Labels,
    pub(crate) points: Vec<Point>,
}

/// Reads a series.
pub(crate) fn describe(text: &str) -> Result<Described, String> {
    let (labels, rest) = labels(text)?;
    Ok(Described { text: text.to_owned(), labels, points: points(rest)? })
}

/// The labels with which a line begins, and the rest of it.
pub(super) fn labels(text: &str) -> Result<(Labels, &str), String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut pairs: Vec<(Str, Str)> = Vec::new();
    if !name.is_empty() {
        pairs.push((NAME.into(), name.into()));
    }
    if let Some(inside) = rest.strip_prefix('{').filter(|inside| !inside.starts_with('{')) {
        rest = braces(inside, &mut pairs)?;
    } else if name.is_empty() {
        return Err(format!("expected a series such as x{{a=\"b\"}} 1 2 3, got {text:?}"));
    }
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return Err(format!("expected a blank after the series, got {rest:?}"));
    }
    let given = pairs.len();
    let names: std::collections::BTreeSet<_> = pairs.iter().map(|(name, _)| name.clone()).collect();
    if names.len() < given {
        return Err("a label stands twice".to_owned());
    }
    Ok((Labels::new(pairs), rest.trim()))
}

/// What stands between braces; gives what comes after them.
fn braces<'a>(mut rest: &'a str, pairs: &mut Vec<(Str, Str)>) -> Result<&'a str, String> {
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        let (name, after) = if rest.starts_with(['"', '\'', '`']) {
            quoted(rest)?
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.')));
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            (name.to_owned(), after)
        };
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let (value, after) = quoted(after.trim_start())?;
            pairs.push((name.as_str().into(), value.as_str().into()));
            rest = after.trim_start();
        } else if rest.starts_with([',', '}']) && !name.is_empty() {
            // A metric's name in quotes, which needs to be no word.
            pairs.push((NAME.into(), name.as_str().into()));
        } else {
            return Err(format!("expected a label and its value in quotes, got {rest:?}"));
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(format!("expected a comma or a closing brace, got {rest:?}")),
        }
    }
}

/// A text in quotes, and what comes after it.
pub(super) fn quoted(text: &str) -> Result<(String, &str), String> {
    let wrong = || format!("expected a text in quotes, got {text:?}");
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')).ok_or_else(wrong)?;
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = !is_escaped && *c == quote;
        is_escaped = !is_escaped && *c == '\\' && quote != '`';
        ends
    });
    let (literal, rest) = text.split_at(end.ok_or_else(wrong)?.0 + 1);
    // The text is an expression of its own: its escapes are PromQL's.
    match Query::parse(literal).map(|query| query.expr.kind) {
        Ok(ExprKind::Text(value)) => Ok((value, rest)),
        Ok(_) => Err(wrong()),
        Err(e) => Err(format!("{literal}: {e}")),
    }
}

/// Values of which each may stand for several.
pub(super) fn points(text: &str) -> Result<Vec<Point>, String> {
    let mut points = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = item_end(rest)?;
        let (item, after) = rest.split_at(end);
        take(item, &mut points).map_err(|what| format!("{item:?}: {what}"))?;
        if points.len() > MAX_POINTS {
            return Err(format!("more than {MAX_POINTS} points"));
        }
        rest = after.trim_start();
    }
    Ok(points)
}

/// Where the first item ends: at a blank that stands in no histogram.
fn item_end(text: &str) -> Result<usize, String> {
    let mut at = 0;
    loop {
        let blank = text[at..].find([' ', '\t']).map_or(text.len(), |i| at + i);
        match text[at..blank].find("{{") {
            None => return Ok(blank),
            Some(open) => {
                let close = text[at + open..].find("}}").ok_or("a histogram has no }} at its end")?;
                at += open + close + 2;
            }
        }
    }
}

fn take(item: &str, points: &mut Vec<Point>) -> Result<(), String> {
    let histogram = item.rfind("}}").map(|at| at + 2);
    let tail = histogram.unwrap_or(0);
    let (base, times) = match item[tail..].rfind('x') {
        Some(at) if tail + at > 0 => (&item[..tail + at], Some(repetition(&item[tail + at + 1..])?)),
        _ => (item, None),
    };
    // `_x3` is nothing three times; anything else `x3` is itself and three more.
    let more = times.unwrap_or(0);
    if base == "_" {
        points.extend(std::iter::repeat_n(Point::None, times.unwrap_or(1)));
    } else if histogram.is_some() {
        if !base.ends_with("}}") || !base.starts_with("{{") {
            return Err("expected a histogram in {{ }}".to_owned());
        }
        points.extend(std::iter::repeat_n(Point::Histogram, more + 1));
    } else if base == "stale" {
        points.extend(std::iter::repeat_n(Point::Float(stale::MARKER), more + 1));
    } else {
        let sign = base
            .char_indices()
            .skip(1)
            .find(|(i, c)| matches!(c, '+' | '-') && !base[..*i].ends_with(['e', 'E']));
        let (first, step) = match sign {
            Some((at, _)) if times.is_some() => (number(&base[..at])?, number(&base[at..])?),
            Some(_) => return Err("expected x and a number after the step".to_owned()),
            None => (number(base)?, 0.0),
        };
        let mut value = first;
        for _ in 0..=more {
            points.push(Point::Float(value));
            value += step;
        }
    }
    Ok(())
}

/// The number after an `x`.
pub(super) fn repetition(text: &str) -> Result<usize, String> {
    let times: usize = text.parse().map_err(|_| format!("{text:?} is no number of repetitions"))?;
    if times > MAX_POINTS { Err(format!("more than {MAX_POINTS} points")) } else { Ok(times) }
}

/// A number as Go reads it.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_word = |word: &str| digits.eq_ignore_ascii_case(word);
    if is_word("inf") || is_word("infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if is_word("nan") {
        return Ok(f64::NAN);
    }
    // Durations are numbers in PromQL, but not here.
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | 'e' | 'E' | '+' | '-');
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(is_plain)
        && let Ok(Query { expr, .. }) = Query::parse(digits)
        && let ExprKind::Number(value) = expr.kind
    {
        return Ok(sign * value);
    }
    Err(format!("expected a value, got {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_short() {
        let f = Point::Float;
        let table: [(&str, &[Point]); 11] = [
            ("1 2.5 -3e2", &[f(1.0), f(2.5), f(-300.0)]),
            ("_ 1 _x2 2", &[Point::None, f(1.0), Point::None, Point::None, f(2.0)]),
            ("5x2", &[f(5.0), f(5.0), f(5.0)]),
            ("1+2x2", &[f(1.0), f(3.0), f(5.0)]),
            ("1-2x2", &[f(1.0), f(-1.0), f(-3.0)]),
            ("-1-1x1", &[f(-1.0), f(-2.0)]),
            ("1e-1+1e1x1", &[f(0.1), f(10.1)]),
            ("Inf -Inf +inf", &[f(f64::INFINITY), f(f64::NEG_INFINITY), f(f64::INFINITY)]),
            ("{{schema:0 sum:3 buckets:[1 2]}} 4", &[Point::Histogram, f(4.0)]),
            ("{{sum:1}}+{{sum:1}}x1 _", &[Point::Histogram, Point::Histogram, Point::None]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(points(text).unwrap(), expected, "{text}");
        }
        let ended = points("stale NaN").unwrap();
        let bits = |point: &Point| if let Point::Float(v) = point { v.to_bits() } else { 0 };
        assert_eq!(bits(&ended[0]), stale::MARKER.to_bits());
        assert_ne!(bits(&ended[1]), stale::MARKER.to_bits());
        for wrong in ["1+2", "x3", "1x", "{{sum:1}", "{{sum:1}}y", "1+2x-1", "1h", "_+1x2"] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn labels_are_written_as_in_a_selector() {
        let table = [
            ("x 1", "x", "1"),
            ("a:b{c=\"d}\",e='f'} 1", "a:b{c=\"d}\", e=\"f\"}", "1"),
            ("{} 1", "{}", "1"),
            ("{\"a name\", b=\"\\\"\",} 1 2", "{\"a name\", b=\"\\\"\"}", "1 2"),
            ("sum{} 3", "sum", "3"),
            ("x {{sum:1}}", "x", "{{sum:1}}"),
        ];
        for (text, expected, rest) in table {
            let (found, after) = labels(text).unwrap();
            assert_eq!((found.to_string().as_str(), after), (expected, rest), "{text}");
        }
        for wrong in ["{a} 1", "{a=b} 1", "x{a=\"b\" 1", "x{a=\"b\",a=\"c\"} 1", "", "x{a=\"b\"}1", "=1"] {
            let found = labels(wrong);
            assert!(found.is_err() || wrong == "{a} 1", "{wrong}: {found:?}");
        }
    }
}
