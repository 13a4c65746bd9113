//! Cases: findings that are about one thing, joined.
//!
//! In: findings in any order, and a seed. Out: [`Cases`]; the same findings and seed give the same bytes. Two findings are
//! about one thing if they have a key in common ([`keys`]), or if a chain of others leads from one to the other. Not here:
//! where findings come from, how cases are printed.

mod keys;
mod join;
mod weigh;
mod graph;
mod changed;

use std::collections::{BTreeMap, BTreeSet};

use glyph_formats::case::{Case, Cases, Evidence, Source, Step};
use glyph_formats::{FORMAT_VERSION, Finding, Severity};
use sha2::{Digest, Sha256};

pub use self::changed::{Changed, Weight, changed};
use self::keys::Key;

/// Joins findings.
pub fn of(mut findings: Vec<Finding>, seed: &str) -> Cases {
    // By everything there is, so that the order in which they came leaves no trace.
    findings.sort_by_cached_key(|finding| {
        (finding.time_unix_nano, finding.id.clone(), serde_json::to_string(finding).unwrap_or_default())
    });
    let keys: Vec<BTreeSet<Key>> = findings.iter().map(keys::of).collect();
    let joined = join::join(&keys);
    let mut cases: Vec<Case> = joined
        .iter()
        .map(|group| {
            let members: Vec<&Finding> = group.iter().map(|i| &findings[*i]).collect();
            // There is one: no finding is without.
            let key = group.iter().flat_map(|i| &keys[*i]).min().map(ToString::to_string).unwrap_or_default();
            case(key, &members, seed)
        })
        .collect();
    // Rounded, the risk of many milder claims may reach the next severity's.
    let order = |a: &Case, b: &Case| b.severity.cmp(&a.severity).then(b.risk.total_cmp(&a.risk));
    cases.sort_by(|a, b| order(a, b).then_with(|| a.key.cmp(&b.key)));
    Cases { format: FORMAT_VERSION, seed: seed.to_owned(), cases }
}

fn case(key: String, findings: &[&Finding], seed: &str) -> Case {
    let evidence = claims(findings);
    let sources = sources(findings);
    let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
    let about = key.split_once(':').map_or(key.as_str(), |(_, about)| about);
    let title = format!(
        "{}: {} of {}",
        about,
        crate::text::counted(evidence.len() as u64, "claim"),
        plugins(&sources)
    );
    let graph = graph::draw(&title, severity, &evidence);
    Case {
        id: id(seed, &key),
        title,
        severity,
        risk: weigh::risk(&evidence),
        confidence: weigh::confidence(findings),
        targets: findings.iter().map(|f| f.target.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        sources,
        evidence,
        steps: steps(findings),
        graph,
        key,
    }
}

fn id(seed: &str, key: &str) -> String {
    let digest = Sha256::new().chain_update(seed).chain_update([0]).chain_update(key).finalize();
    hex::encode(&digest[..8])
}

fn plugins(sources: &[Source]) -> String {
    sources.iter().map(|source| source.plugin.as_str()).collect::<Vec<_>>().join(", ")
}

fn sources(findings: &[&Finding]) -> Vec<Source> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.plugin).or_default() += 1;
    }
    counts.into_iter().map(|(plugin, findings)| Source { plugin: plugin.to_owned(), findings }).collect()
}

/// Each claim once; where a claim was made again and again, with the worst severity and the first words.
fn claims(findings: &[&Finding]) -> Vec<Evidence> {
    let mut claims: BTreeMap<(&str, &str, &str), Evidence> = BTreeMap::new();
    for finding in findings {
        let claim =
            claims.entry((&finding.plugin, &finding.kind, &finding.target)).or_insert_with(|| Evidence {
                plugin: finding.plugin.clone(),
                kind: finding.kind.clone(),
                severity: finding.severity,
                target: finding.target.clone(),
                message: finding.message.clone(),
                evidence: None,
                findings: Vec::new(),
            });
        claim.severity = claim.severity.max(finding.severity);
        claim.evidence = claim.evidence.take().or_else(|| finding.evidence.clone());
        claim.findings.push(finding.id.clone());
    }
    let mut claims: Vec<_> = claims.into_values().collect();
    // They are in the order of their texts; that stays among equals.
    claims.sort_by(|a, b| b.severity.cmp(&a.severity));
    claims
}

/// Each exchange once.
fn steps(findings: &[&Finding]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut at: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for finding in findings {
        let place = *at.entry((&finding.target, finding.flow_id.as_deref())).or_insert_with(|| {
            steps.push(Step {
                target: finding.target.clone(),
                flow_id: finding.flow_id.clone(),
                trace_id: finding.trace_id,
                types: Vec::new(),
            });
            steps.len() - 1
        });
        let types = &mut steps[place].types;
        if let Err(here) = types.binary_search(&finding.kind) {
            types.insert(here, finding.kind.clone());
        }
    }
    steps
}

#[cfg(test)]
mod tests;
