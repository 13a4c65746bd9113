//! The labels of a series, out of its text.

use super::error::{ExpositionError, excerpt};
use crate::metrics::{
    Labels, Str,
    labels::{NAME, is_plain},
};

/// The labels of the text of a series, the name among them.
///
/// # Errors
/// If it is not well formed, or a label stands twice.
pub(in crate::metrics) fn labels(series: &str) -> Result<Labels, ExpositionError> {
    let (name, rest) = match series.find('{') {
        Some(at) => (series[..at].trim_end_matches([' ', '\t']), &series[at + 1..]),
        None => (series, "}"),
    };
    let mut pairs: Vec<(Str, Str)> = Vec::new();
    let mut named = !name.is_empty();
    if named {
        if !is_metric_name(name) {
            return Err(ExpositionError::MetricName(excerpt(name)));
        }
        pairs.push((NAME.into(), name.into()));
    }
    let mut rest = blank(rest);
    loop {
        if let Some(end) = rest.strip_prefix('}') {
            if !end.is_empty() {
                return Err(ExpositionError::Labels("something stands behind the closing brace"));
            }
            break;
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
            // `{"a name that needs quotes", label="value"}`
            None if in_quotes && !named && !name.is_empty() => {
                named = true;
                pairs.push((NAME.into(), name.into()));
                after
            }
            None if in_quotes && named => return Err(ExpositionError::Labels("the metric has two names")),
            None => return Err(ExpositionError::Labels("a label has no value")),
        };
        rest = blank(rest);
        match rest.strip_prefix(',') {
            Some(after) => rest = blank(after),
            None if rest.starts_with('}') => {}
            None => return Err(ExpositionError::Labels("a comma is missing")),
        }
    }
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
}
