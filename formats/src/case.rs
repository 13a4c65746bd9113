//! What joined findings make: `cases.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Severity, TraceId};

/// Of one case, so many claims are told at most, the worst.
pub const MOST_EVIDENCE: usize = 1_000;
/// Of one case, so many targets at most, the first in the order of text.
pub const MOST_TARGETS: usize = 1_000;
/// The steps of a case are those of so many findings at most, of the worst, and of these the first.
pub const MOST_SEEN: usize = 200;
/// Where there are many cases, each has its share of so many claims, targets and findings ...
pub const ALL_EVIDENCE: usize = 20_000;
/// ... and these at least.
pub const LEAST: usize = 10;
/// Of one claim, so many findings are told, the first.
pub const MOST_IDS: usize = 10;

/// The cases of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cases {
    /// The version of the format.
    pub format: u32,
    /// What the ids are made from, beside the keys.
    pub seed: String,
    /// The cases: the worst first, and of equal ones by key.
    pub cases: Vec<Case>,
}

/// Findings that are about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// 16 hexadecimal digits: the beginning of the SHA-256 of the seed, a zero byte and the key.
    pub id: String,
    /// What the findings have in common, and its kind: `case:NAME`, `domain:example.com`, `host:10.0.0.1`, `asset:NAME`,
    /// `correlation:NAME=VALUE`, `target:TEXT`. Of several, the first in this order, then in that of text.
    pub key: String,
    /// The case in a line.
    pub title: String,
    /// The worst of its findings.
    pub severity: Severity,
    /// How bad it is, 0 to 100. Each severity has 20 points of its own, from `info` with 0 to 20 up to `crit` with 80 to
    /// 100; within these, every further claim takes a part of what is left to the top, ½ if it is as bad as the worst, and
    /// half as much for each step that it is milder. A claim is a type and a target.
    pub risk: f64,
    /// How sure it is, 0 to 1: 1 − ∏ (1 − c) over the plugins that say so; c is 0.75 of one that gives evidence, and 0.5 of
    /// another.
    pub confidence: f64,
    /// How many findings it is made of.
    pub findings: u64,
    /// How many claims.
    pub claims: u64,
    /// What it is about, in the order of text: 1,000 at most, where there are many cases fewer.
    pub targets: Vec<String>,
    /// Who says so, in the order of names.
    pub sources: Vec<Source>,
    /// What it rests on: each claim once, the worst first, 1,000 at most, where there are many cases fewer.
    pub evidence: Vec<Evidence>,
    /// How to see it again, in the order of time: the exchanges of 200 findings at most, where there are many
    /// cases of fewer: of the worst, and of these the first.
    pub steps: Vec<Step>,
    /// The case as a graph in Mermaid's language: <https://mermaid.js.org/syntax/flowchart.html>.
    pub graph: String,
}

/// A plugin that found something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The plugin.
    pub plugin: String,
    /// How many of the findings are its.
    pub findings: u64,
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The plugin.
    pub plugin: String,
    /// What kind of finding it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub target: String,
    /// The claim in words.
    pub message: String,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// How many findings say so.
    pub times: u64,
    /// The first 10 of them in the order of time, by their ids.
    pub findings: Vec<String>,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What to look at.
    pub target: String,
    /// The exchange in which it was seen; none if it is about no flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The trace.
    pub trace_id: TraceId,
    /// What is to be seen there, in the order of text.
    pub types: Vec<String>,
}
