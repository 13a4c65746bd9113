//! The artifact `NAME.glyph.tar.zst`: a recording packed into one file. Here is its `manifest.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `manifest.json`, the artifact's first member: what else is in it, and how one knows it is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The version of the format, [`crate::FORMAT_VERSION`].
    pub format: u32,
    /// The versions of the tools that made the recording and the artifact, by name.
    pub tools: Vec<Tool>,
    /// Every other member, sorted by path.
    pub files: Vec<Member>,
}

/// A tool that had a hand in the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name, for example `glyphd`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One file of the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The path in the artifact, under `files/`, with `/` between the parts.
    pub path: String,
    /// The length in bytes.
    pub size: u64,
    /// SHA-256 of the content in hexadecimal.
    pub sha256: String,
}
