//! How the cases of two runs differ. In: both. Out: those that came, went, or weigh otherwise. They are the same by their
//! keys: ids and times are of one run alone.

use std::collections::BTreeMap;

use glyph_formats::{Severity, case::Case};
use schemars::JsonSchema;
use serde::Serialize;

/// A case that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Changed {
    /// What the findings of the case have in common.
    pub key: String,
    /// What it was; none if it is new.
    pub recorded: Option<Weight>,
    /// What it is; none if it is gone.
    pub new: Option<Weight>,
}

/// What a case weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Weight {
    /// The worst of its findings.
    pub severity: Severity,
    /// How bad it is, 0 to 100.
    pub risk: f64,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// How many claims it rests on.
    pub claims: u64,
}

impl Weight {
    fn of(case: &Case) -> Self {
        let Case { severity, risk, confidence, ref evidence, .. } = *case;
        Self { severity, risk, confidence, claims: evidence.len() as u64 }
    }
}

/// Compares; in the order of keys.
pub fn changed(recorded: &[Case], new: &[Case]) -> Vec<Changed> {
    let mut both: BTreeMap<&str, (Option<Weight>, Option<Weight>)> = BTreeMap::new();
    for case in recorded {
        both.entry(&case.key).or_default().0 = Some(Weight::of(case));
    }
    for case in new {
        both.entry(&case.key).or_default().1 = Some(Weight::of(case));
    }
    let differing = both.into_iter().filter(|(_, (recorded, new))| recorded != new);
    differing.map(|(key, (recorded, new))| Changed { key: key.to_owned(), recorded, new }).collect()
}
