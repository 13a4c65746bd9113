//! `manifest.json`: what an artifact holds.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILES, Limits, MANIFEST, archive};

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
    /// The path below `files/`, as it was below the recording, with `/` between the parts.
    pub path: String,
    /// The length in bytes.
    pub size: u64,
    /// SHA-256 of the content in hexadecimal, in small letters.
    pub sha256: String,
}

/// An artifact's manifest and its digest: what `glyphctl replay load --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contents {
    /// The digest over everything: SHA-256 of the bytes of `manifest.json`.
    pub digest: String,
    /// What `manifest.json` says.
    pub manifest: Manifest,
}

impl AsRef<Self> for Contents {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Manifest {
    /// The length of all files together.
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// What makes the manifest one that this program does not write, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        let of = |file: &Member, why: &str| Some(format!("{MANIFEST}: {:?}: {why}", file.path));
        for (i, file) in self.files.iter().enumerate() {
            if let Some(why) = archive::path_fault(&file.path) {
                return of(file, why);
            }
            if i > 0 && self.files[i - 1].path >= file.path {
                return of(file, "is not in its place: paths are sorted, each once");
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            {
                return of(file, "its sha256 is none");
            }
        }
        let files: HashSet<_> = self.files.iter().map(|file| file.path.as_str()).collect();
        let folder_is_file =
            |file: &&Member| file.path.match_indices('/').any(|(end, _)| files.contains(&file.path[..end]));
        self.files.iter().find(folder_is_file).and_then(|file| of(file, "a file can't have files in it"))
    }

    /// What there is more of than `limits` allow, and how much there may be.
    pub(super) fn excess(&self, limits: &Limits) -> Option<(&'static str, u64)> {
        if self.files.len() > limits.files {
            return Some(("more files", limits.files as u64));
        }
        (self.total_bytes() > limits.total_bytes).then_some(("more bytes", limits.total_bytes))
    }
}

impl Member {
    /// The path in the archive.
    pub(super) fn archive_path(&self) -> String {
        format!("{FILES}{}", self.path)
    }
}
