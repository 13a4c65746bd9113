//! Where loaded files came from: `provenance.replay.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::Tool;

/// What was loaded, and what of it was checked. The same artifact, loaded in the same way, gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The version of the format.
    pub format: u32,
    /// What was loaded.
    pub source: Source,
    /// The artifact's digest over everything; none if it was no artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether that digest was promised (`--expect-digest`). Without that, it is known that the artifact is whole, and not
    /// whose it is.
    pub expected: bool,
    /// The tools that made the recording and the artifact.
    pub tools: Vec<Tool>,
    /// The tool that loaded it.
    pub loaded_by: Tool,
    /// What the ids of the cases are made from, beside their keys.
    pub seed: String,
    /// By what the records of each kind of file are sorted, as in the manifest.
    pub orders: BTreeMap<String, Vec<String>>,
    /// The case to which it was restricted, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Chosen>,
    /// How much was written.
    pub counts: Counts,
    /// What was checked.
    pub verified: Verified,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// What it is.
    pub kind: Kind,
    /// The name of the file or directory, without its folder; `-` for standard input.
    pub name: String,
}

/// What can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file with digests.
    Artifact,
    /// The directory of a run.
    Recording,
    /// A file of flows alone.
    Flows,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chosen {
    /// Its id.
    pub id: String,
    /// What its findings have in common.
    pub key: String,
}

/// How many records were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// In `flows.replay.jsonl`.
    pub flows: u64,
    /// In `findings.replay.jsonl`.
    pub findings: u64,
    /// In `cases.replay.json`.
    pub cases: u64,
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// How many files were held against their digests; 0 where there are none.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// Whether the cases that were there are those that the findings give.
    pub cases: CasesVerified,
}

/// What came of building the cases anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CasesVerified {
    /// They are the same, byte for byte.
    Same,
    /// They are others; `cases.replay.json` has those that were built.
    Differ,
    /// There were none to compare with.
    Absent,
}
