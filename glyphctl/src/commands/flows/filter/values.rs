//! What stands behind the flags of a filter: each a text that is taken apart once, and then asked of flow after flow.

use std::{ops::RangeInclusive, str::FromStr};

use clap::ValueEnum;
use glob::{MatchOptions, Pattern};
use glyph_analysis::trace::duration;
use glyph_formats::{
    flow::FlowKind,
    glance::{Failure, Glance, Headers},
};

/// Statuses: `200`, `4xx`, `400-499`, `>=500`, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// One of these.
    In(RangeInclusive<u16>),
    /// No answer.
    None,
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let is_status = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            if is_status { text.parse::<u16>().ok() } else { None }
        };
        let range = || {
            if let Some(class) = text.strip_suffix("xx") {
                let class = class.parse::<u16>().ok().filter(|class| (1..=9).contains(class))?;
                return Some(class * 100..=class * 100 + 99);
            }
            if let Some((from, to)) = text.split_once('-') {
                return Some(number(from)?..=number(to)?);
            }
            let (comparison, figure) = text.split_at(text.find(|c: char| c.is_ascii_digit())?);
            let figure = number(figure)?;
            Some(match comparison {
                "" | "=" => figure..=figure,
                ">=" => figure..=u16::MAX,
                ">" => figure + 1..=u16::MAX,
                "<=" => 0..=figure,
                "<" => 0..=figure - 1,
                _ => return None,
            })
        };
        match text {
            "none" => Ok(Self::None),
            _ => range().map(Self::In).ok_or_else(|| "expected 200, 4xx, 400-499, >=500 or none".to_owned()),
        }
    }
}

impl Status {
    pub(super) fn meets(&self, flow: &Glance<'_>) -> bool {
        match (self, &flow.response) {
            (Self::In(range), Some(response)) => range.contains(&response.status),
            (Self::None, None) => true,
            _ => false,
        }
    }
}

/// A pattern of names in which `*` stands for any characters, `?` for one, and `[ab]` for one of these.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    pattern: Pattern,
    has_port: bool,
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pattern = Pattern::new(text).map_err(|error| error.msg.to_owned())?;
        Ok(Self { pattern, has_port: text.contains(':') })
    }
}

impl Glob {
    /// Of hosts, for which case means nothing, with a port behind them if the pattern has one.
    pub(super) fn meets_host(&self, host: &str, port: u16) -> bool {
        let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
        self.pattern.matches_with(host, options)
            || (self.has_port && self.pattern.matches_with(&format!("{host}:{port}"), options))
    }

    /// Of any text.
    pub(super) fn meets(&self, text: &str) -> bool {
        self.pattern.matches(text)
    }
}

/// The path of a URL, without the query; nothing of what has none.
pub(crate) fn path(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return "" };
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() { "/" } else { path }
}

/// A header, and what is in it: `NAME`, or `NAME=TEXT`.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    name: String,
    value: Option<String>,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        match name.trim() {
            "" => Err("expected NAME or NAME=TEXT".to_owned()),
            name => Ok(Self { name: name.to_owned(), value: value.map(str::to_lowercase) }),
        }
    }
}

impl Header {
    pub(super) fn meets(&self, flow: &Glance<'_>) -> bool {
        let is_in = |headers: &Headers<'_>| {
            headers.pairs().iter().any(|(name, value)| {
                name.eq_ignore_ascii_case(&self.name)
                    && self.value.as_ref().is_none_or(|text| value.to_lowercase().contains(text))
            })
        };
        is_in(&flow.request.headers) || flow.response.as_ref().is_some_and(|r| is_in(&r.headers))
    }
}

/// A failure: any, or one of that kind or origin.
#[derive(Debug, Clone)]
pub(crate) struct Kind(String);

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

impl Kind {
    pub(super) fn meets(&self, failure: &Failure<'_>) -> bool {
        self.0.is_empty() || failure.kind == self.0 || failure.origin == self.0
    }
}

/// What can be said of a flow in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Is {
    /// Something in it was replaced.
    Redacted,
    /// Nothing was to be replaced, by the operator's policy.
    Unredacted,
    /// Less of a body is stored than there was.
    Partial,
    /// A blind tunnel.
    Tunnel,
}

impl Is {
    pub(super) fn meets(self, flow: &Glance<'_>) -> bool {
        match self {
            Self::Redacted => flow.is_redacted(),
            Self::Unredacted => flow.unredacted,
            Self::Partial => flow.is_partial(),
            Self::Tunnel => flow.kind == FlowKind::Tunnel,
        }
    }
}

/// Nanoseconds of a duration such as `100ms`.
pub(super) fn nanoseconds(text: &str) -> Result<u64, String> {
    let ns = duration::parse(text).and_then(|ns| u64::try_from(ns).ok());
    ns.ok_or_else(|| "expected a duration such as 100ms, 1.5s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_said_in_five_ways() {
        let range = |text: &str| match text.parse() {
            Ok(Status::In(range)) => Some((*range.start(), *range.end())),
            _ => None,
        };
        for (text, expected) in [
            ("200", Some((200, 200))),
            ("4xx", Some((400, 499))),
            ("400-403", Some((400, 403))),
            (">=500", Some((500, u16::MAX))),
            (">500", Some((501, u16::MAX))),
            ("<400", Some((0, 399))),
            ("xx", None),
            ("0xx", None),
            ("20", None),
            ("=>500", None),
            ("", None),
        ] {
            assert_eq!(range(text), expected, "{text}");
        }
        assert_eq!("none".parse(), Ok(Status::None));
    }

    #[test]
    fn paths_are_without_query() {
        for (url, expected) in [
            ("http://a.test/x/y?z=/", "/x/y"),
            ("http://a.test", "/"),
            ("http://a.test?x", "/"),
            ("a.test:443", ""),
        ] {
            assert_eq!(path(url), expected);
        }
    }

    #[test]
    fn hosts_are_globs_in_any_case() {
        let glob = |text: &str| text.parse::<Glob>().unwrap();
        assert!(glob("*.Example.com").meets_host("api.example.COM", 443));
        assert!(!glob("*.example.com").meets_host("example.com", 443));
        assert!(glob("api.*:443").meets_host("api.example.com", 443));
        assert!(!glob("api.*:80").meets_host("api.example.com", 443));
        assert!(glob("/a/*").meets("/a/b/c") && !glob("/A/*").meets("/a/b"));
    }
}
