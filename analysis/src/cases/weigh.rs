//! How bad a case is, and how sure. The formulas stand with the fields of [`glyph_formats::case::Case`].

use std::collections::BTreeMap;

use glyph_formats::case::Evidence;
use glyph_formats::{Finding, Severity};

/// Points that each severity has to itself.
const BAND: f64 = 20.0;
/// How sure one plugin makes it, without evidence and with it.
const SURE: [f64; 2] = [0.5, 0.75];

/// Of claims with the worst first.
pub(super) fn risk(claims: &[Evidence]) -> f64 {
    let Some((worst, others)) = claims.split_first() else { return 0.0 };
    let rank = |severity| match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Med => 2,
        Severity::High => 3,
        Severity::Crit => 4,
    };
    let left = |claim: &Evidence| 1.0 - 0.5_f64.powi(1 + rank(worst.severity) - rank(claim.severity));
    let left: f64 = others.iter().map(left).product();
    round(BAND * f64::from(rank(worst.severity)) + BAND * (1.0 - left), 10.0)
}

pub(super) fn confidence(findings: &[&Finding]) -> f64 {
    let mut sources: BTreeMap<&str, bool> = BTreeMap::new();
    for finding in findings {
        *sources.entry(&finding.plugin).or_default() |= finding.evidence.is_some();
    }
    let doubt: f64 = sources.values().map(|has_evidence| 1.0 - SURE[usize::from(*has_evidence)]).product();
    round(1.0 - doubt, 1_000.0)
}

fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
