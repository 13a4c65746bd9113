//! The labels of a series, out of its text.

use super::error::{ExpositionError, excerpt};
use crate::metrics::{Labels, Str, labels::NAME, quote::is_plain};

/// The labels of the text of a series, the name among them.
///
/// # Errors
/// If it is not well formed, has no name, or a label stands twice.
pub(in crate::metrics) fn labels(series: &str) -> Result<Labels, ExpositionError> {
    let (bare, rest) = match series.find('{') {
        Some(at) => (series[..at].trim_end_matches([' ', '\t']), &series[at + 1..]),
        None => (series, "}"),
    };
    if !bare.is_empty() && !is_metric_name(bare) {
        return Err(ExpositionError::MetricName(excerpt(bare)));
    }
    let Pairs { mut pairs, name } = pairs(rest)?;
    let name = match (bare, name) {
        ("", None) => return Err(ExpositionError::NoName),
        ("", Some(name)) => name,
        (bare, None) => bare.into(),
        (_, Some(_)) => return Err(TWO_NAMES),
    };
    pairs.push((NAME.into(), name));
    set(pairs)
}

/// The labels of an exemplar, in braces.
///
/// # Errors
/// If they are not well formed, or a label stands twice.
pub(in crate::metrics) fn exemplar_labels(text: &str) -> Result<Labels, ExpositionError> {
    match pairs(text.strip_prefix('{').unwrap_or(text))? {
        Pairs { pairs, name: None } => set(pairs),
        Pairs { name: Some(_), .. } => Err(NO_VALUE),
    }
}

const TWO_NAMES: ExpositionError = ExpositionError::Labels("the metric has two names");
const NO_VALUE: ExpositionError = ExpositionError::Labels("a label has no value");

/// A series with more labels is an attack on memory; Prometheus has no limit unless it is given one.
const MOST: usize = 100_000;

/// What stands in braces.
struct Pairs {
    pairs: Vec<(Str, Str)>,
    /// A text in quotes without a value, which is a metric's name: `{"a name", label="value"}`.
    name: Option<Str>,
}

/// Reads what stands behind an opening brace, up to the closing one, which has to be the end.
fn pairs(text: &str) -> Result<Pairs, ExpositionError> {
    let (mut pairs, mut metric) = (Vec::new(), None);
    let mut rest = blank(text);
    loop {
        if pairs.len() > MOST {
            return Err(ExpositionError::Labels("there are more than 100,000"));
        }
        if let Some(end) = rest.strip_prefix('}') {
            return match end {
                "" => Ok(Pairs { pairs, name: metric }),
                _ => Err(ExpositionError::Labels("something stands behind the closing brace")),
            };
        }
        let in_quotes = rest.starts_with('"');
        let (name, after) = if in_quotes { quoted(rest)? } else { bare(rest)? };
        let after = blank(after);
        rest = match after.strip_prefix('=') {
            Some(value) => {
                let (value, after) = quoted(blank(value))?;
                pairs.push((name.into(), value.into()));
                after
            }
            None if !in_quotes || name.is_empty() => return Err(NO_VALUE),
            None if metric.is_some() => return Err(TWO_NAMES),
            None => {
                metric = Some(name.into());
                after
            }
        };
        rest = blank(rest);
        match rest.strip_prefix(',') {
            Some(after) => rest = blank(after),
            None if rest.starts_with('}') => {}
            None => return Err(ExpositionError::Labels("a comma is missing")),
        }
    }
}

fn set(mut pairs: Vec<(Str, Str)>) -> Result<Labels, ExpositionError> {
    // What is empty is not there, and so not there twice.
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(twice) => Err(ExpositionError::LabelTwice(excerpt(&twice[0].0))),
        None => Ok(Labels::new(pairs)),
    }
}

/// The text behind spaces and tabs.
pub(super) fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Whether a metric may be called so without quotes.
pub(super) fn is_metric_name(name: &str) -> bool {
    is_plain(name, ":")
}

fn bare(text: &str) -> Result<(String, &str), ExpositionError> {
    let end = text.find(['=', ',', '}', '"', ' ', '\t']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if is_plain(name, "") {
        Ok((name.to_owned(), rest))
    } else {
        Err(ExpositionError::LabelName(excerpt(name)))
    }
}

/// A text in quotes, unescaped, and what stands behind it.
pub(super) fn quoted(text: &str) -> Result<(String, &str), ExpositionError> {
    let mut rest = text.strip_prefix('"').ok_or(ExpositionError::Labels("a value is not in quotes"))?;
    let mut value = String::new();
    loop {
        let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
            return Err(ExpositionError::Labels("a value has no closing quote"));
        };
        value.push_str(&rest[..at]);
        let special = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if special == b'"' {
            return Ok((value, rest));
        }
        let (known, length) = match rest.as_bytes().first() {
            Some(b'n') => ("\n", 1),
            Some(b'"') => ("\"", 1),
            Some(b'\\') => ("\\", 1),
            // As Prometheus: what is no escape stands for itself.
            _ => ("\\", 0),
        };
        value.push_str(known);
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read() {
        let table = [
            ("a", "a"),
            ("a{}", "a"),
            (r#"a {b="c",}"#, r#"a{b="c"}"#),
            ("a{ b = \"c\" ,\td=\"e\" }", r#"a{b="c", d="e"}"#),
            (r#"{"a.b", "c d"="e"}"#, r#"{"a.b", "c d"="e"}"#),
            (r#"{c="d", "a"}"#, r#"a{c="d"}"#),
            (r#"a:b{_="ü"}"#, r#"a:b{_="ü"}"#),
            (r#"a{b="",b="c"}"#, r#"a{b="c"}"#),
            (r#"a{b="\"\\\n\t"}"#, r#"a{b="\"\\\n\\t"}"#),
        ];
        for (text, expected) in table {
            assert_eq!(labels(text).map(|l| l.to_string()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_label_is_refused() {
        let table = [
            ("a{b}", "a label has no value"),
            ("a{b=c}", "a value is not in quotes"),
            (r#"a{b="c"d="e"}"#, "a comma is missing"),
            (r#"a{,b="c"}"#, "\"\" is no label name"),
            (r#"a{b="c",,}"#, "\"\" is no label name"),
            (r#"a{="c"}"#, "\"\" is no label name"),
            (r#"a{1b="c"}"#, "\"1b\" is no label name"),
            (r#"a{b.c="d"}"#, "\"b.c\" is no label name"),
            (r#"a{b:c="d"}"#, "\"b:c\" is no label name"),
            (r#"a.b{}"#, "\"a.b\" is no metric name"),
            ("1a", "\"1a\" is no metric name"),
            ("ü", "\"ü\" is no metric name"),
            (r#"a{"b"}"#, "the metric has two names"),
            (r#"{"a","b"}"#, "the metric has two names"),
            (r#"{""}"#, "a label has no value"),
            (r#"{__name__="a"}"#, "a sample without a metric name"),
            ("{}", "a sample without a metric name"),
            (r#"a{b="c",b="d"}"#, "the label \"b\" is there twice"),
            (r#"a{b="c",b="c"}"#, "the label \"b\" is there twice"),
            (r#"a{__name__="b"}"#, "the label \"__name__\" is there twice"),
            (r#"a{b="c}"#, "a value has no closing quote"),
            (r#"a{b="c\"}"#, "a value has no closing quote"),
        ];
        for (text, expected) in table {
            let told = labels(text).expect_err(text).to_string();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }

    #[test]
    fn so_many_labels_are_too_many() {
        let of = |count| labels(&format!("a{{{}}}", "b=\"\",".repeat(count)));
        assert!(of(MOST).is_ok());
        assert_eq!(of(MOST + 1), Err(ExpositionError::Labels("there are more than 100,000")));
    }

    #[test]
    fn exemplars_have_labels_but_no_name() {
        assert_eq!(exemplar_labels(r#"{"a b"="c"}"#), Ok(Labels::of([("a b", "c")])));
        assert_eq!(exemplar_labels("{}"), Ok(Labels::empty()));
        assert_eq!(exemplar_labels(r#"{"a"}"#), Err(NO_VALUE));
        assert_eq!(exemplar_labels(r#"{a="b",a="c"}"#), Err(ExpositionError::LabelTwice("a".into())));
    }
}
