//! What is not compared, or not to the letter.
//!
//! In: what the user says. Out: answers for a header, a place in JSON, a text.

mod quick;

use std::fmt;

/// What is left out of a comparison. The default leaves out what differs always: see `docs/replay.md`.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub(super) status: bool,
    pub(super) all_headers: bool,
    pub(super) body: bool,
    /// In lower case.
    pub(super) headers: Vec<String>,
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
    /// `$..id`, `$.items[*].price`, `$.items[3]`, `$['a b']`; all that is below it, too.
    ///
    /// # Errors
    /// If it names nothing.
    pub fn ignore(&mut self, text: &str) -> Result<(), RuleError> {
        match text {
            "status" => self.status = true,
            "headers" => self.all_headers = true,
            "body" => self.body = true,
            _ => match text.strip_prefix("headers.") {
                Some(name) => self.ignore_header(name),
                None => {
                    let what =
                        "expected status, headers, body or a place in JSON, as $.created_at".to_owned();
                    return Err(RuleError { text: text.to_owned(), what });
                }
            },
        }
        Ok(())
    }

    /// Leaves out the header of that name, and the trailer.
    pub fn ignore_header(&mut self, name: &str) {
        self.headers.push(name.to_ascii_lowercase());
    }

    /// Takes a shipped set.
    pub fn add(&mut self, preset: Preset) {
        match preset {
            Preset::Dates => self.dates = true,
            Preset::Ids => self.ids = true,
        }
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
