//! What is told of each case, from the findings as they go by the second time: the worst and the first of them, and no more
//! than these.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    mem,
};

use glyph_formats::{
    Cases, FORMAT_VERSION, Finding, Severity, TraceId,
    case::{
        ALL_EVIDENCE, Case, Evidence, LEAST, MOST_EVIDENCE, MOST_IDS, MOST_SEEN, MOST_TARGETS, Source, Step,
    },
};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::{
    digest::Sixteen,
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
    by_key: FxHashMap<Sixteen, usize>,
    claims: FxHashMap<Sixteen, join::Claim>,
    most: Most,
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
        by_key: FxHashMap<Sixteen, usize>,
        claims: FxHashMap<Sixteen, join::Claim>,
    ) -> Self {
        let most = Most::of(cases.len());
        Self { seed: seed.to_owned(), cases, by_key, claims, most }
    }

    /// Takes a finding the second time. One that was not there the first time is left out.
    pub fn add(&mut self, finding: &Finding) {
        let claim = self.claims.get(&join::claim_of(finding));
        if let (Some(at), Some(claim)) = (self.place(finding), claim) {
            self.cases[at].add(finding, claim.severity, &self.most);
        }
    }

    /// The id of the case that a finding is of.
    pub fn case_of(&self, finding: &Finding) -> Option<&str> {
        self.place(finding).map(|at| self.cases[at].id.as_str())
    }

    /// The cases. Handed out once: what is told of them is not kept beside.
    pub fn cases(&mut self) -> Cases {
        self.claims = FxHashMap::default();
        let mut cases: Vec<Case> = self.cases.iter_mut().map(CaseInFull::told).collect();
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
    fn add(&mut self, finding: &Finding, severity: Severity, most: &Most) {
        keep(&mut self.targets, &finding.target, most.targets);
        let Finding { plugin, kind, target, .. } = finding;
        let is_told = self.claims.len() < most.evidence || {
            let last = self.claims.last_key_value().map(|(last, _)| {
                (last.severity, last.plugin.as_str(), last.kind.as_str(), last.target.as_str())
            });
            last.is_none_or(|last| {
                (Reverse(severity), plugin.as_str(), kind.as_str(), target.as_str()) <= last
            })
        };
        let is_seen = self.seen.len() < most.seen || {
            let last = self.seen.last_key_value().map(|((severity, order), _)| (*severity, order.time()));
            last.is_none_or(|last| (Reverse(finding.severity), finding.time_unix_nano) <= last)
        };
        if !is_told && !is_seen {
            return;
        }
        let order = Order::of(finding);
        if is_told {
            let (plugin, kind, target) = (plugin.clone(), kind.clone(), target.clone());
            let claim = Claim { severity: Reverse(severity), plugin, kind, target };
            self.claims.entry(claim).or_default().add(finding, &order, most);
            if self.claims.len() > most.evidence {
                self.claims.pop_last();
            }
        }
        if is_seen {
            let (target, kind) = (target.clone(), kind.clone());
            let seen = Seen { target, flow_id: finding.flow_id.clone(), trace_id: finding.trace_id, kind };
            self.seen.insert((Reverse(finding.severity), order), seen);
            if self.seen.len() > most.seen {
                self.seen.pop_last();
            }
        }
    }

    fn told(&mut self) -> Case {
        let steps = self.steps();
        let evidence: Vec<_> =
            mem::take(&mut self.claims).into_iter().map(|(claim, claimed)| claimed.told(claim)).collect();
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
            targets: mem::take(&mut self.targets).into_iter().collect(),
            sources,
            steps,
            graph: graph::draw(&title, severity, claims, &evidence),
            title,
            evidence,
        }
    }

    /// Each exchange once, in the order of time.
    fn steps(&mut self) -> Vec<Step> {
        let seen = mem::take(&mut self.seen).into_iter().map(|((_, order), seen)| (order, seen));
        let mut seen: Vec<_> = seen.collect();
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        let mut steps: Vec<Step> = Vec::new();
        let mut at: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
        for (_, Seen { target, flow_id, trace_id, kind }) in seen {
            let place = *at.entry((target.clone(), flow_id.clone())).or_insert_with(|| {
                steps.push(Step { target, flow_id, trace_id, types: Vec::new() });
                steps.len() - 1
            });
            let types = &mut steps[place].types;
            if let Err(here) = types.binary_search(&kind) {
                types.insert(here, kind);
            }
        }
        steps
    }
}

impl Claimed {
    fn add(&mut self, finding: &Finding, order: &Order, most: &Most) {
        self.times += 1;
        First::keep(&mut self.message, order, &finding.message);
        if let Some(evidence) = &finding.evidence {
            First::keep(&mut self.evidence, order, evidence);
        }
        let (Ok(here) | Err(here)) = self.findings.binary_search(order);
        if here < most.ids {
            self.findings.insert(here, order.clone());
            self.findings.truncate(most.ids);
        }
    }

    fn told(self, claim: Claim) -> Evidence {
        let Claim { severity: Reverse(severity), plugin, kind, target } = claim;
        let text = |first: Option<First>| first.map(|first| first.text);
        Evidence {
            plugin,
            kind,
            severity,
            target,
            message: text(self.message).unwrap_or_default(),
            evidence: text(self.evidence),
            times: self.times,
            findings: self.findings.into_iter().map(|order| order.id).collect(),
        }
    }
}

/// Keeps the first texts, so many of them.
fn keep(kept: &mut BTreeSet<String>, text: &str, most: usize) {
    if kept.contains(text) || (kept.len() == most && kept.last().is_some_and(|last| last.as_str() < text)) {
        return;
    }
    kept.insert(text.to_owned());
    if kept.len() > most {
        kept.pop_last();
    }
}

/// How much is told of each case: where there are many, less.
#[derive(Debug)]
struct Most {
    evidence: usize,
    ids: usize,
    targets: usize,
    seen: usize,
}

impl Most {
    fn of(cases: usize) -> Self {
        let share = |all: usize, of_one: usize| (all / cases.max(1)).clamp(LEAST, of_one);
        Self {
            evidence: share(ALL_EVIDENCE, MOST_EVIDENCE),
            ids: MOST_IDS,
            targets: share(ALL_EVIDENCE, MOST_TARGETS),
            seen: share(ALL_EVIDENCE, MOST_SEEN),
        }
    }
}

fn id(seed: &str, key: &str) -> String {
    let digest = Sha256::new().chain_update(seed).chain_update([0]).chain_update(key).finalize();
    hex::encode(&digest[..8])
}
