//! One line of OpenMetrics or Prometheus text.

use super::{Kind, Labels, Str, labels::NAME};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpositionError {
    /// It is not UTF-8.
    #[error("is not UTF-8")]
    NotText,
    /// Labels don't end, or are not written as they should be.
    #[error("the labels are not well formed: {0}")]
    Labels(&'static str),
    /// A series without a name.
    #[error("a sample without a metric name")]
    NoName,
    /// The value is no number.
    #[error("{0:?} is no value")]
    Value(String),
    /// The sample has no time.
    #[error("the sample has no timestamp; a recording has one on every sample")]
    NoTime,
    /// The time is no number.
    #[error("{0:?} is no timestamp")]
    Time(String),
    /// Something stands behind what should be the end.
    #[error("unexpected text at the end: {0:?}")]
    Trailing(String),
}

/// A line, its texts not yet unescaped.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    Sample(Sample<'a>),
    Type {
        family: &'a str,
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
    pub(super) time: Option<&'a str>,
}

/// Takes a line apart.
pub(super) fn line(bytes: &[u8]) -> Result<Line<'_>, ExpositionError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ExpositionError::NotText)?;
    if let Some(comment) = text.strip_prefix('#') {
        let mut words = comment.split_ascii_whitespace();
        return Ok(match (words.next(), words.next(), words.next()) {
            (Some("EOF"), None, _) => Line::Eof,
            (Some("TYPE"), Some(family), Some(kind)) => Line::Type { family, kind: kind_of(kind) },
            _ => Line::Nothing,
        });
    }
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return Ok(Line::Nothing);
    }
    let (series, rest) = text.split_at(series_end(text)?);
    let (rest, exemplar) = match rest.split_once(" # ") {
        Some((sample, exemplar)) => (sample, Some(exemplar_text(exemplar)?)),
        None => (rest, None),
    };
    let mut words = rest.split_ascii_whitespace();
    let value = number(words.next().unwrap_or_default())?;
    let time = words.next().ok_or(ExpositionError::NoTime)?;
    nothing_more(words)?;
    Ok(Line::Sample(Sample { series, value, time, exemplar }))
}

fn kind_of(word: &str) -> Kind {
    match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "summary" => Kind::Summary,
        _ => Kind::Other,
    }
}

fn exemplar_text(text: &str) -> Result<ExemplarText<'_>, ExpositionError> {
    let (labels, rest) = text.split_at(series_end(text)?);
    let mut words = rest.split_ascii_whitespace();
    let value = number(words.next().unwrap_or_default())?;
    let time = words.next();
    nothing_more(words)?;
    Ok(ExemplarText { labels, value, time })
}

fn nothing_more<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<(), ExpositionError> {
    words.next().map_or(Ok(()), |more| Err(ExpositionError::Trailing(more.to_owned())))
}

fn number(text: &str) -> Result<f64, ExpositionError> {
    text.parse().map_err(|_| ExpositionError::Value(text.to_owned()))
}

/// A time in seconds, as milliseconds.
pub(super) fn seconds(text: &str) -> Result<i64, ExpositionError> {
    let seconds: f64 = text.parse().map_err(|_| ExpositionError::Time(text.to_owned()))?;
    let ms = (seconds * 1e3).round();
    if ms.is_finite() && ms.abs() < 9e15 {
        Ok(ms as i64)
    } else {
        Err(ExpositionError::Time(text.to_owned()))
    }
}

/// Where name and labels end: at white space outside braces, or at the closing brace.
fn series_end(text: &str) -> Result<usize, ExpositionError> {
    let bytes = text.as_bytes();
    let Some(brace) = bytes.iter().position(|b| matches!(b, b'{' | b' ' | b'\t')) else {
        return Ok(text.len());
    };
    // Some writers put white space before the brace.
    let open = brace + bytes[brace..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if bytes.get(open) != Some(&b'{') {
        return Ok(brace);
    }
    let (mut quoted, mut escaped) = (false, false);
    for (i, b) in bytes.iter().enumerate().skip(open + 1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Ok(i + 1),
            _ => {}
        }
    }
    Err(ExpositionError::Labels("they have no closing brace"))
}

/// The labels of the text of a series, the name among them.
pub(super) fn labels(series: &str) -> Result<Labels, ExpositionError> {
    let (name, rest) = match series.find('{') {
        Some(at) => (series[..at].trim_ascii(), &series[at + 1..]),
        None => (series, "}"),
    };
    let mut pairs: Vec<(Str, Str)> = Vec::new();
    if !name.is_empty() {
        pairs.push((NAME.into(), name.into()));
    }
    let mut rest = rest.trim_ascii_start();
    loop {
        if let Some(end) = rest.strip_prefix('}') {
            if !end.is_empty() {
                return Err(ExpositionError::Labels("something stands behind the closing brace"));
            }
            break;
        }
        let (name, after) = if rest.starts_with('"') { quoted(rest)? } else { bare(rest) };
        if name.is_empty() {
            return Err(ExpositionError::Labels("a label has no name"));
        }
        let after = after.trim_ascii_start();
        rest = match after.strip_prefix('=') {
            Some(value) => {
                let (value, after) = quoted(value.trim_ascii_start())?;
                pairs.push((name.into(), value.into()));
                after
            }
            // `{"a name that needs quotes", label="value"}`
            None if rest.starts_with('"') && pairs.is_empty() => {
                pairs.push((NAME.into(), name.into()));
                after
            }
            None => return Err(ExpositionError::Labels("a label has no value")),
        };
        rest = rest.trim_ascii_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_ascii_start(),
            None if rest.starts_with('}') => {}
            None => return Err(ExpositionError::Labels("a comma is missing")),
        }
    }
    Ok(Labels::new(pairs))
}

fn bare(text: &str) -> (String, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    (name.to_owned(), rest)
}

fn quoted(text: &str) -> Result<(String, &str), ExpositionError> {
    let inner = text.strip_prefix('"').ok_or(ExpositionError::Labels("a value is not in quotes"))?;
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &inner[i + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                // As Prometheus: what is no escape stands for itself.
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err(ExpositionError::Labels("a value has no closing quote"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str) -> Sample<'_> {
        match line(text.as_bytes()) {
            Ok(Line::Sample(sample)) => sample,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn samples_are_taken_apart() {
        let s = sample(r#"a_bucket{le="+Inf",p="x } # \"y\\"} 3 1.5 # {trace_id="t"} 0.25 1.25"#);
        assert_eq!((s.value, s.time), (3.0, "1.5"));
        assert_eq!(labels(s.series).unwrap().get("p"), "x } # \"y\\");
        let exemplar = s.exemplar.unwrap();
        assert_eq!((exemplar.value, exemplar.time), (0.25, Some("1.25")));
        assert_eq!(labels(exemplar.labels).unwrap().get("trace_id"), "t");
        assert!(sample("a NaN 1").value.is_nan());
        assert_eq!(sample("a{} -Inf 1").value, f64::NEG_INFINITY);
        assert_eq!(labels(sample("a {b=\"c\",} 1 1").series).unwrap().to_string(), r#"a{b="c"}"#);
        assert_eq!(labels(sample(r#"{"a.b", "c d"="e\nf"} 1 1"#).series).unwrap().get("c d"), "e\nf");
    }

    #[test]
    fn other_lines_are_known() {
        assert_eq!(line(b"# EOF"), Ok(Line::Eof));
        assert_eq!(line(b"# TYPE a counter"), Ok(Line::Type { family: "a", kind: Kind::Counter }));
        assert_eq!(line(b"# HELP a is EOF"), Ok(Line::Nothing));
    }

    #[test]
    fn faults_have_names() {
        let table: [(&[u8], ExpositionError); 7] = [
            (b"a 1", ExpositionError::NoTime),
            (b"a x 1", ExpositionError::Value("x".into())),
            (b"a", ExpositionError::Value(String::new())),
            (b"a 1 1 1", ExpositionError::Trailing("1".into())),
            (b"a{b=\"c\" 1 1", ExpositionError::Labels("they have no closing brace")),
            (b"a 1 1 # {x", ExpositionError::Labels("they have no closing brace")),
            (b"a\xff 1 1", ExpositionError::NotText),
        ];
        for (text, expected) in table {
            assert_eq!(line(text), Err(expected), "{}", String::from_utf8_lossy(text));
        }
        for text in ["a{b}", "a{b=c}", "a{b=\"c\"d=\"e\"}", "a{=\"}"] {
            assert!(labels(text).is_err(), "{text}");
        }
    }
}
