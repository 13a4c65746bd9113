//! What is not compared, or not to the letter.
//!
//! In: what the user says. Out: answers for a header, and for a place in JSON. What dates and ids look like is known in
//! `alike/`.

mod path;
mod quick;
mod shipped;

use std::fmt;

use regex::Regex;

pub(super) use self::{
    path::{Pattern, Step},
    shipped::differs_always,
};

/// What is left out of a comparison. The default leaves out what differs always: see `docs/replay.md`.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub(super) status: bool,
    pub(super) all_headers: bool,
    pub(super) body: bool,
    /// In lower case.
    headers: Vec<String>,
    json: Vec<Pattern>,
    pub(super) texts: Vec<Regex>,
    pub(super) dates: bool,
    pub(super) ids: bool,
}

/// A shipped set of values that may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Dates and times, where both are of the same kind.
    Dates,
    /// Ids, where both are of the same kind.
    Ids,
}

/// A rule that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}: {what}")]
pub struct RuleError {
    /// What was said.
    pub text: String,
    /// What is wrong with it.
    pub what: String,
}

impl Rules {
    /// Leaves out what that names: `status`, `headers`, `body`, `headers.etag`, or a place in JSON: `$.created_at`,
    /// `$..id`, `$.items[*].price`, `$.items[3]`, `$['a b']`; all that is below it, too. Places as a report tells them
    /// (`body $.items[*].price`) are taken as well.
    ///
    /// # Errors
    /// If it names nothing.
    pub fn ignore(&mut self, text: &str) -> Result<(), RuleError> {
        let error = |what: String| RuleError { text: text.to_owned(), what };
        match text {
            "status" => self.status = true,
            "headers" => self.all_headers = true,
            "body" => self.body = true,
            _ => {
                if let Some(name) = text.strip_prefix("headers.").or_else(|| text.strip_prefix("trailers.")) {
                    self.ignore_header(name);
                } else if let Some(at) = text.find('$')
                    && (at == 0 || text.starts_with("body "))
                {
                    self.json.push(Pattern::parse(&text[at..]).map_err(error)?);
                } else {
                    let what =
                        "expected status, headers, body, headers.NAME or a place in JSON as $.created_at";
                    return Err(error(what.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Leaves out the header of that name, and the trailer.
    pub fn ignore_header(&mut self, name: &str) {
        self.headers.push(name.trim_end_matches(':').to_ascii_lowercase());
    }

    /// Leaves out what that expression matches, where it matches on both sides: in headers, in strings of JSON, in text.
    ///
    /// # Errors
    /// If it is none.
    pub fn ignore_text(&mut self, regex: &str) -> Result<(), RuleError> {
        let error = |e: regex::Error| RuleError { text: regex.to_owned(), what: e.to_string() };
        self.texts.push(Regex::new(regex).map_err(error)?);
        Ok(())
    }

    /// Takes a shipped set.
    pub fn add(&mut self, preset: Preset) {
        match preset {
            Preset::Dates => self.dates = true,
            Preset::Ids => self.ids = true,
        }
    }

    /// Whether the user wants nothing to be told of that header, whose name is in lower case. A cookie is a part of its header.
    pub(super) fn ignores_header(&self, name: &str) -> bool {
        self.all_headers || self.headers.iter().any(|ignored| ignored == name)
    }

    /// Whether the user wants nothing to be told of that place in JSON.
    pub(super) fn ignores(&self, path: &[Step<'_>]) -> bool {
        self.json.iter().any(|pattern| pattern.covers(path))
    }

    /// Whether there is anything in a body that is left out.
    pub(super) fn concern_bodies(&self) -> bool {
        self.dates || self.ids || !self.json.is_empty() || !self.texts.is_empty()
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dates => "dates",
            Self::Ids => "ids",
        })
    }
}
