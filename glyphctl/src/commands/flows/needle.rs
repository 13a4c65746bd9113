//! What is searched for: text, or a regular expression.
//!
//! In: a pattern. Out: where in a text it stands, and, much faster, whether a line of a file can have it at all.

use std::ops::Range;

use anyhow::anyhow;
use memchr::memmem::{self, Finder};
use regex::bytes::{Regex, RegexBuilder};

/// A needle.
#[derive(Debug)]
pub(super) struct Needle {
    kind: Kind,
    /// A part of it that stands in every text that has it, and in JSON as it is.
    sign: Option<Sign>,
}

#[derive(Debug)]
enum Kind {
    Text(Box<Finder<'static>>),
    Regex(Regex),
}

#[derive(Debug)]
enum Sign {
    Exact(Box<Finder<'static>>),
    InAnyCase(Regex),
}

impl Needle {
    /// This text.
    pub(super) fn text(text: &str, any_case: bool) -> anyhow::Result<Self> {
        let run = longest_plain_run(text);
        if any_case {
            let sign =
                if run.is_empty() { None } else { Some(Sign::InAnyCase(regex(&regex::escape(run), true)?)) };
            return Ok(Self { kind: Kind::Regex(regex(&regex::escape(text), true)?), sign });
        }
        let sign = (!run.is_empty()).then(|| Sign::Exact(finder(run)));
        Ok(Self { kind: Kind::Text(finder(text)), sign })
    }

    /// What matches this regular expression.
    pub(super) fn regex(pattern: &str, any_case: bool) -> anyhow::Result<Self> {
        let regex = regex(pattern, any_case).map_err(|error| unusable(pattern, &error))?;
        Ok(Self { kind: Kind::Regex(regex), sign: None })
    }

    /// Where it stands first.
    pub(super) fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        match &self.kind {
            Kind::Text(finder) => finder.find(text).map(|at| at..at + finder.needle().len()),
            Kind::Regex(regex) => regex.find(text).map(|found| found.range()),
        }
    }

    /// Whether it stands there.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        match &self.kind {
            Kind::Text(finder) => finder.find(text).is_some(),
            Kind::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether a text of this line of JSON can have it. Where a line escapes characters that need not be, or has a body in
    /// base64, it can have anything.
    pub(super) fn may_be_in(&self, line: &[u8]) -> bool {
        let is_there = match &self.sign {
            None => return true,
            Some(Sign::Exact(finder)) => finder.find(line).is_some(),
            Some(Sign::InAnyCase(regex)) => regex.is_match(line),
        };
        is_there || memmem::find(line, b"\\u").is_some() || memmem::find(line, b"\"base64\"").is_some()
    }
}

/// Why it is none, in one line: the library draws a picture over several.
fn unusable(pattern: &str, error: &regex::Error) -> anyhow::Error {
    let told = error.to_string();
    let what = told.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
    anyhow!("{pattern}: is no regular expression: {what}")
}

fn finder(text: &str) -> Box<Finder<'static>> {
    Box::new(Finder::new(text).into_owned())
}

/// Anchors mean the begin and the end of a line.
fn regex(pattern: &str, any_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(any_case).multi_line(true).build()
}

/// The longest part of characters that JSON writes as they are, unless it writes them as `\u…`.
fn longest_plain_run(text: &str) -> &str {
    let is_special = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | ',');
    text.split(is_special).max_by_key(|run| run.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_refused_only_if_it_can_not_have_it() {
        let may = |pattern: &str, any_case, line: &str| {
            Needle::text(pattern, any_case).unwrap().may_be_in(line.as_bytes())
        };
        assert!(may("say \"hello\"", false, r#"{"utf8":"say \"hello\""}"#));
        assert!(!may("say \"hello\"", false, r#"{"utf8":"say"}"#));
        assert!(may("hello", false, r#"{"utf8":"h\u0065llo"}"#));
        assert!(may("hello", false, r#"{"base64":"aGVsbG8="}"#));
        assert!(may("\"/\"", false, r#"{"utf8":"\/"}"#));
        assert!(may("Token", true, r#"{"utf8":"toKen"}"#));
        assert!(!may("Token", true, r#"{"utf8":"tok"}"#));
    }

    #[test]
    fn it_is_found_where_it_stands() {
        assert_eq!(Needle::text("b.", false).unwrap().find(b"abb.b"), Some(2..4));
        assert_eq!(Needle::regex("B.$", true).unwrap().find(b"abb\nb"), Some(1..3));
        assert!(Needle::regex("(", false).is_err());
    }
}
