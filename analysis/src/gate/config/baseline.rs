//! `[baseline]`: the runs that a new one is compared with.

use std::path::PathBuf;

use schemars::JsonSchema;
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

/// The runs that a new one is compared with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBaseline {
    /// A recording, an artifact, or a directory of them; relative to this file.
    dir: PathBuf,
    /// Whether it must be there; otherwise what compares is skipped until it is.
    #[serde(default = "yes")]
    required: bool,
}

impl RawBaseline {
    pub(super) fn read(self, document: &Document<'_>) -> Baseline {
        Baseline { dir: document.folder().join(self.dir), required: self.required }
    }
}
