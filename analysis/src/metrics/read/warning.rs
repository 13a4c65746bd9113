//! What is odd about a file and does not keep it from being read.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

/// Something odd that does not keep a file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file.
    pub path: PathBuf,
    /// The first line of which it is true, counted from 1; 0 if it is true of the file as a whole.
    pub line: u64,
    /// What is odd.
    pub what: Cow<'static, str>,
    /// Of how many lines.
    pub count: u64,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}", self.what)?;
        match self.count {
            0 | 1 => Ok(()),
            _ if self.line == 0 => write!(f, " ({} times)", self.count),
            _ => write!(f, " (and {} more such lines)", self.count - 1),
        }
    }
}

pub(super) const TORN: &str = "the last line is torn, as a crash leaves it; it was left out";
pub(super) const CUT_SHORT: &str =
    "the compressed file ends before its end; what could be read of it was taken";
pub(super) const OUT_OF_ORDER: &str =
    "the sample is older than the one before it in its series; it was dropped";
pub(super) const DUPLICATE: &str =
    "the series has another value at that time already; the sample was dropped";
pub(super) const CARRIAGE_RETURN: &str =
    "the line ends with a carriage return, which neither format has; it was left out";
pub(super) const OTHER_FILE: &str =
    "a file before this one has another value at the sample's time; the sample was dropped";
pub(super) const BEHIND_THE_END: &str = "a sample stands behind # EOF; it was taken";

impl Warning {
    /// Whether it says that a file was cut off.
    pub fn is_torn(&self) -> bool {
        self.what == TORN || self.what == CUT_SHORT
    }
}

/// The warnings about one file: of each kind the first line, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Odd(BTreeMap<Cow<'static, str>, (u64, u64)>);

impl Odd {
    /// Counts one more.
    pub(super) fn note(&mut self, line: u64, what: &'static str) {
        self.add(line, what, 1);
    }

    /// Counts so many more, if any.
    pub(super) fn add(&mut self, line: u64, what: impl Into<Cow<'static, str>>, count: u64) {
        if count > 0 {
            self.0.entry(what.into()).or_insert((line, 0)).1 += count;
        }
    }

    pub(super) fn warnings(self, path: &Path) -> impl Iterator<Item = Warning> {
        let warning = |(what, (line, count))| Warning { path: path.to_owned(), line, what, count };
        self.0.into_iter().map(warning)
    }
}
