//! `[baseline]`: the runs that a new one is compared with.

use std::path::PathBuf;

use serde::Deserialize;

use super::document::{Document, yes};

/// `[baseline]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// A recording, an artifact, or a directory of them.
    pub dir: PathBuf,
    /// Whether it must be there.
    pub required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBaseline {
    dir: PathBuf,
    #[serde(default = "yes")]
    required: bool,
}

impl RawBaseline {
    pub(super) fn read(self, document: &Document<'_>) -> Baseline {
        Baseline { dir: document.folder().join(self.dir), required: self.required }
    }
}
