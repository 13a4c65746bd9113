//! A place in JSON, as a pattern: the part of JSONPath (RFC 9535) that names places.
//!
//! In: `$.items[*].price`, `$..id`, `$['a b'][0,2]`. Out: whether a path lies there or below. Filters, slices and indices
//! from the end are refused: they need the document, and a path that is only on one side has none.

use std::borrow::Cow;

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::replay) enum Step<'a> {
    Name(Cow<'a, str>),
    Index(usize),
}

/// Places in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::replay) struct Pattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    /// `..`: at any depth.
    anywhere: bool,
    /// One of these.
    selectors: Vec<Selector>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selector {
    Name(String),
    Index(usize),
    Any,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.strip_prefix('$').ok_or("a place in JSON begins with $")?;
        let mut segments = Vec::new();
        while !rest.is_empty() {
            let anywhere = rest.starts_with("..");
            let after = rest.strip_prefix("..").or_else(|| rest.strip_prefix('.'));
            let (selectors, left) = match (after, rest.strip_prefix('[')) {
                (Some(after), _) if !after.starts_with('[') => name(after)?,
                (Some(after), _) if anywhere => brackets(&after[1..])?,
                (None, Some(inside)) => brackets(inside)?,
                _ => return Err(format!("expected .name or [ at {}", shown(rest))),
            };
            segments.push(Segment { anywhere, selectors });
            rest = left;
        }
        Ok(Self(segments))
    }

    /// Whether the path is one of these places, or lies below one.
    pub(in crate::replay) fn covers(&self, path: &[Step<'_>]) -> bool {
        covers(&self.0, path)
    }
}

fn covers(segments: &[Segment], path: &[Step<'_>]) -> bool {
    let Some((segment, later)) = segments.split_first() else { return true };
    let depth = if segment.anywhere { path.len() } else { path.len().min(1) };
    (0..depth)
        .any(|at| segment.selectors.iter().any(|s| s.meets(&path[at])) && covers(later, &path[at + 1..]))
}

impl Selector {
    fn meets(&self, step: &Step<'_>) -> bool {
        match (self, step) {
            (Self::Any, _) => true,
            (Self::Name(wanted), Step::Name(name)) => wanted == name,
            (Self::Index(wanted), Step::Index(index)) => wanted == index,
            _ => false,
        }
    }
}

/// A name up to the next `.` or `[`, or `*`.
fn name(text: &str) -> Result<(Vec<Selector>, &str), String> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    match &text[..end] {
        "" => Err("a name is missing behind a dot".to_owned()),
        "*" => Ok((vec![Selector::Any], &text[end..])),
        name if name.contains([' ', '\'', '"', ']']) => {
            Err(format!("a name like {} is written ['…']", shown(name)))
        }
        name => Ok((vec![Selector::Name(name.to_owned())], &text[end..])),
    }
}

/// What stands in brackets, behind the first of them.
fn brackets(text: &str) -> Result<(Vec<Selector>, &str), String> {
    let (mut selectors, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        let (selector, left) = match rest.chars().next() {
            Some(quote @ ('\'' | '"')) => quoted(&rest[1..], quote)?,
            Some('*') => (Selector::Any, &rest[1..]),
            Some('0'..='9') => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let index = rest[..end].parse().map_err(|_| format!("{}: too great", shown(rest)))?;
                (Selector::Index(index), &rest[end..])
            }
            _ => return Err(unsupported(rest)),
        };
        selectors.push(selector);
        rest = left.trim_start();
        match rest.chars().next() {
            Some(',') => rest = &rest[1..],
            Some(']') => return Ok((selectors, &rest[1..])),
            _ => return Err(unsupported(rest)),
        }
    }
}

fn unsupported(rest: &str) -> String {
    match rest.chars().next() {
        Some('?' | ':' | '-') => "filters, slices and indices from the end are not supported".to_owned(),
        _ => format!("expected 'name', a number or * in brackets at {}", shown(rest)),
    }
}

fn quoted(text: &str, quote: char) -> Result<(Selector, &str), String> {
    let (mut name, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((Selector::Name(name), &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, c @ ('\\' | '\'' | '"'))) => name.push(c),
                _ => return Err("behind \\ stands \\, ' or \"".to_owned()),
            },
            c => name.push(c),
        }
    }
    Err(format!("the {quote} is not closed"))
}

fn shown(rest: &str) -> String {
    if rest.is_empty() { "the end".to_owned() } else { format!("{rest:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Step<'static>> {
        let step = |part: &str| match part.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Name(part.to_owned().into()),
        };
        text.split_whitespace().map(step).collect()
    }

    #[test]
    fn a_pattern_covers_what_it_names_and_what_is_below() {
        let table = [
            ("$", "a", true),
            ("$.a", "a", true),
            ("$.a", "a b 0", true),
            ("$.a", "b a", false),
            ("$.a.b", "a", false),
            ("$..id", "id", true),
            ("$..id", "a 3 id x", true),
            ("$..id", "a ids", false),
            ("$.items[*].price", "items 3 price", true),
            ("$.items[*].price", "items 3 name", false),
            ("$.items.*", "items 3", true),
            ("$.items[3]", "items 3 x", true),
            ("$.items[3]", "items 4", false),
            ("$['a.b'][\"c'd\"]", "a.b c'd", true),
            ("$['it\\'s']", "it's", true),
            ("$[0,2]['x','y']", "2 y", true),
            ("$[0,2]['x','y']", "1 y", false),
            ("$..a..b", "x a y b", true),
            ("$..a..b", "b a", false),
            ("$..[0]", "a 0", true),
            ("$.größe", "größe", true),
        ];
        for (pattern, at, covered) in table {
            assert_eq!(Pattern::parse(pattern).unwrap().covers(&path(at)), covered, "{pattern} {at}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_what_is_wrong() {
        let table = [
            ("a", "begins with $"),
            ("$a", "expected .name"),
            ("$.", "a name is missing"),
            ("$..", "a name is missing"),
            ("$.a b", "['…']"),
            ("$[", "at the end"),
            ("$['a", "not closed"),
            ("$[1:2]", "slices"),
            ("$[-1]", "from the end"),
            ("$[?@.a]", "filters"),
            ("$[99999999999999999999999]", "too great"),
            ("$.[0]", "expected .name"),
        ];
        for (pattern, what) in table {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(what), "{pattern}: {error}");
        }
    }
}
