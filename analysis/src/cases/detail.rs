//! What is told of each case, from the findings as they go by the second time: the worst and the first of them, and no more
//! than these.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use glyph_formats::{
    Cases, FORMAT_VERSION, Finding, Severity, TraceId,
    case::{Case, Evidence, MOST_EVIDENCE, MOST_IDS, MOST_SEEN, MOST_TARGETS, Source, Step},
};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::{
    graph,
    join::{self, Counted},
    keys,
    order::{First, Order},
    weigh::{self, Weights},
};
use crate::text::counted;

/// Findings of which it is known which belong together.
#[derive(Debug)]
pub struct Joined {
    seed: String,
    cases: Vec<CaseInFull>,
    by_key: FxHashMap<u128, usize>,
    severities: FxHashMap<u128, Severity>,
}

/// A case on its way.
#[derive(Debug)]
pub(super) struct CaseInFull {
    id: String,
    key: String,
    pub(super) sources: BTreeMap<String, Counted>,
    pub(super) weights: Weights,
    targets: BTreeSet<String>,
    claims: BTreeMap<Claim, Claimed>,
    /// Of the worst findings, then of the first.
    seen: BTreeMap<(Reverse<Severity>, Order), Seen>,
}

/// A claim's place in its case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    severity: Reverse<Severity>,
    plugin: String,
    kind: String,
    target: String,
}

#[derive(Debug, Default)]
struct Claimed {
    times: u64,
    message: Option<First>,
    evidence: Option<First>,
    /// The first.
    findings: Vec<Order>,
}

/// Where something was seen.
#[derive(Debug)]
struct Seen {
    target: String,
    flow_id: Option<String>,
    trace_id: TraceId,
    kind: String,
}

impl Joined {
    pub(super) fn new(
        seed: &str,
        cases: Vec<CaseInFull>,
        by_key: FxHashMap<u128, usize>,
        severities: FxHashMap<u128, Severity>,
    ) -> Self {
        Self { seed: seed.to_owned(), cases, by_key, severities }
    }

    /// Takes a finding the second time. One that was not there the first time is left out.
    pub fn add(&mut self, finding: &Finding) {
        let severity = self.severities.get(&join::claim_of(finding));
        if let (Some(at), Some(severity)) = (self.place(finding), severity) {
            self.cases[at].add(finding, *severity);
        }
    }

    /// The id of the case that a finding is of.
    pub fn case_of(&self, finding: &Finding) -> Option<&str> {
        self.place(finding).map(|at| self.cases[at].id.as_str())
    }

    /// The cases.
    pub fn cases(&self) -> Cases {
        let mut cases: Vec<Case> = self.cases.iter().map(CaseInFull::told).collect();
        // Rounded, the risk of many milder claims may reach the next severity's.
        let order = |a: &Case, b: &Case| b.severity.cmp(&a.severity).then(b.risk.total_cmp(&a.risk));
        cases.sort_by(|a, b| order(a, b).then_with(|| a.key.cmp(&b.key)));
        Cases { format: FORMAT_VERSION, seed: self.seed.clone(), cases }
    }

    fn place(&self, finding: &Finding) -> Option<usize> {
        // All of its keys are of the same case.
        let key = keys::of(finding).first()?.digest();
        self.by_key.get(&key).copied()
    }
}

impl CaseInFull {
    pub(super) fn new(seed: &str, key: String) -> Self {
        Self {
            id: id(seed, &key),
            key,
            sources: BTreeMap::new(),
            weights: Weights::default(),
            targets: BTreeSet::new(),
            claims: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// `severity` is the worst with which that claim is made. It is the same each time, so that what once has no place among
    /// the worst never has one.
    fn add(&mut self, finding: &Finding, severity: Severity) {
        let order = Order::of(finding);
        self.targets.insert(finding.target.clone());
        if self.targets.len() > MOST_TARGETS {
            self.targets.pop_last();
        }
        let claim = Claim {
            severity: Reverse(severity),
            plugin: finding.plugin.clone(),
            kind: finding.kind.clone(),
            target: finding.target.clone(),
        };
        self.claims.entry(claim).or_default().add(finding, &order);
        if self.claims.len() > MOST_EVIDENCE {
            self.claims.pop_last();
        }
        let Finding { target, flow_id, trace_id, kind, .. } = finding.clone();
        self.seen.insert((Reverse(finding.severity), order), Seen { target, flow_id, trace_id, kind });
        if self.seen.len() > MOST_SEEN {
            self.seen.pop_last();
        }
    }

    fn told(&self) -> Case {
        let evidence: Vec<_> = self.claims.iter().map(|(claim, claimed)| claimed.told(claim)).collect();
        let source = |(plugin, counted): (&String, &Counted)| Source {
            plugin: plugin.clone(),
            findings: counted.findings,
        };
        let sources: Vec<_> = self.sources.iter().map(source).collect();
        let (severity, claims) = (self.weights.severity(), self.weights.claims());
        let about = self.key.split_once(':').map_or(self.key.as_str(), |(_, about)| about);
        let plugins: Vec<_> = sources.iter().map(|source| source.plugin.as_str()).collect();
        let title = format!("{about}: {} of {}", counted(claims, "claim"), plugins.join(", "));
        Case {
            id: self.id.clone(),
            key: self.key.clone(),
            severity,
            risk: self.weights.risk(),
            confidence: weigh::confidence(self.sources.values()),
            findings: sources.iter().map(|source| source.findings).sum(),
            claims,
            targets: self.targets.iter().cloned().collect(),
            sources,
            steps: self.steps(),
            graph: graph::draw(&title, severity, claims, &evidence),
            title,
            evidence,
        }
    }

    /// Each exchange once, in the order of time.
    fn steps(&self) -> Vec<Step> {
        let mut seen: Vec<_> = self.seen.iter().map(|((_, order), seen)| (order, seen)).collect();
        seen.sort_by(|a, b| a.0.cmp(b.0));
        let mut steps: Vec<Step> = Vec::new();
        let mut at: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for (_, seen) in seen {
            let place = *at.entry((&seen.target, seen.flow_id.as_deref())).or_insert_with(|| {
                let Seen { target, flow_id, trace_id, .. } = seen;
                let (target, flow_id) = (target.clone(), flow_id.clone());
                steps.push(Step { target, flow_id, trace_id: *trace_id, types: Vec::new() });
                steps.len() - 1
            });
            let types = &mut steps[place].types;
            if let Err(here) = types.binary_search(&seen.kind) {
                types.insert(here, seen.kind.clone());
            }
        }
        steps
    }
}

impl Claimed {
    fn add(&mut self, finding: &Finding, order: &Order) {
        self.times += 1;
        First::keep(&mut self.message, order, &finding.message);
        if let Some(evidence) = &finding.evidence {
            First::keep(&mut self.evidence, order, evidence);
        }
        let (Ok(here) | Err(here)) = self.findings.binary_search(order);
        if here < MOST_IDS {
            self.findings.insert(here, order.clone());
            self.findings.truncate(MOST_IDS);
        }
    }

    fn told(&self, claim: &Claim) -> Evidence {
        let text = |first: &Option<First>| first.as_ref().map(|first| first.text.clone());
        Evidence {
            plugin: claim.plugin.clone(),
            kind: claim.kind.clone(),
            severity: claim.severity.0,
            target: claim.target.clone(),
            message: text(&self.message).unwrap_or_default(),
            evidence: text(&self.evidence),
            times: self.times,
            findings: self.findings.iter().map(|order| order.id.clone()).collect(),
        }
    }
}

fn id(seed: &str, key: &str) -> String {
    let digest = Sha256::new().chain_update(seed).chain_update([0]).chain_update(key).finalize();
    hex::encode(&digest[..8])
}
