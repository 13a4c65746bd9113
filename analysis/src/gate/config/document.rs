//! The file as text: where in it something stands.

use std::{ops::Range, path::Path};

use super::ConfigError;

/// A `glyph.toml` that is being read.
pub(super) struct Document<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Document<'_> {
    /// The line of a place, counted from 1.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        1 + self.text.bytes().take(at.start).filter(|b| *b == b'\n').count()
    }

    /// What is wrong, and where.
    pub(super) fn fault(&self, at: Range<usize>, what: impl Into<String>) -> ConfigError {
        ConfigError::Fault { path: self.path.to_owned(), line: self.line(&at), what: what.into() }
    }

    /// The folder that paths are relative to.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// Sections fail a build unless they say otherwise.
pub(super) fn yes() -> bool {
    true
}
