//! `[integrity]`: whether a recording that is not whole fails. It is looked at in any case.

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::yes;

/// `[integrity]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integrity {
    /// Whether what is not whole fails. An artifact that is not what was packed fails in any case.
    pub fail: bool,
}

impl Default for Integrity {
    fn default() -> Self {
        Self { fail: true }
    }
}

/// Whether the recording is whole, which is looked at in any case.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIntegrity {
    /// Whether what is not whole fails; an artifact that is not what was packed does in any case.
    #[serde(default = "yes")]
    fail: bool,
}

impl RawIntegrity {
    pub(super) fn read(self) -> Integrity {
        Integrity { fail: self.fail }
    }
}
