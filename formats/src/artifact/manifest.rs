//! `manifest.json`: what an artifact holds.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILES, Limits, MANIFEST, archive};
use crate::{
    jsonl::segments::is_part,
    recording::{self, AUDIT, CASES, FINDINGS, FLOWS, RecordedPlugin, TRACES},
};

/// `manifest.json`, the artifact's first member: what else is in it, and how one knows it is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The version of the format, [`crate::FORMAT_VERSION`].
    pub format: u32,
    /// The versions of the tools that made the recording and the artifact, by name.
    pub tools: Vec<Tool>,
    /// What the ids of the cases are made from, beside their keys.
    #[serde(default)]
    pub seed: String,
    /// By what the records of each kind of file are sorted: names of fields, `-` before one that descends, or `written`: as they
    /// were written.
    #[serde(default)]
    pub orders: BTreeMap<String, Vec<String>>,
    /// The plugins that were there when it was recorded, with the digests of their files.
    #[serde(default)]
    pub plugins: Vec<RecordedPlugin>,
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
        // By small letters: on some systems these are the same files.
        let small: Vec<String> = self.files.iter().map(|file| file.path.to_lowercase()).collect();
        let mut files: HashSet<&str> = HashSet::new();
        for (file, small) in self.files.iter().zip(&small) {
            if !files.insert(small) {
                return of(file, "differs from another only in the case of letters");
            }
            if recording::is_replayed(small) {
                return of(file, "is called as what loading puts there");
            }
        }
        let folder_is_file =
            |small: &&String| small.match_indices('/').any(|(end, _)| files.contains(&small[..end]));
        let at = small.iter().position(|small| folder_is_file(&small))?;
        of(&self.files[at], "a file can't have files in it")
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
        Self::path_in_archive(&self.path)
    }

    /// The path in the archive of a file with that path.
    pub(super) fn path_in_archive(path: &str) -> String {
        format!("{FILES}{path}")
    }
}

/// How that which is in these files is sorted.
pub(super) fn orders(files: &[Member]) -> BTreeMap<String, Vec<String>> {
    let sorted: [(&str, &[&str]); 5] = [
        (FLOWS, &["written"]),
        (TRACES, &["written"]),
        (FINDINGS, &["written"]),
        (AUDIT, &["written"]),
        (CASES, &["-severity", "-risk", "key"]),
    ];
    let is_there = |name: &str| files.iter().any(|file| is_part(&file.path, name));
    let strings = |by: &[&str]| by.iter().map(|&field| field.to_owned()).collect();
    let orders = sorted.into_iter().filter(|(name, _)| is_there(name));
    orders.map(|(name, by)| (name.to_owned(), strings(by))).collect()
}
