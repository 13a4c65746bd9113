//! Findings as checks: none of a severity may be, but for those that the baseline has, too.
//!
//! Two findings of different runs are the same if one plugin says the same kind of thing, as severe, of the same place.
//! A place is a URL without its query, its port and the ids in its path, since those are of one run alone.

use std::{collections::BTreeMap, path::Path};

use glyph_formats::{Finding, Recording, Severity, TraceId, recording::FINDINGS};
use url::Url;

use super::{
    config,
    judgement::{Check, Figure, Section, State, Unit},
    recorded::{RecordedError, lines},
};
use crate::{
    pivot::{MOST, Suspects},
    route,
    text::{counted, grouped},
};

/// What findings of a run have in common with those of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    plugin: String,
    kind: String,
    severity: Severity,
    place: String,
}

impl Identity {
    fn of(finding: &Finding) -> Self {
        Self {
            plugin: finding.plugin.clone(),
            kind: finding.kind.clone(),
            severity: finding.severity,
            place: place(&finding.target),
        }
    }
}

/// Findings of one identity.
#[derive(Debug)]
struct Alike {
    count: u64,
    /// What the first of them says, and of what.
    message: String,
    target: String,
    traces: Vec<TraceId>,
}

/// The findings of one run, or of some.
#[derive(Debug, Default)]
pub struct Found(BTreeMap<Identity, Alike>);

impl Found {
    /// Takes one in.
    pub fn add(&mut self, finding: &Finding) {
        let alike = self.0.entry(Identity::of(finding)).or_insert_with(|| Alike {
            count: 0,
            message: finding.message.clone(),
            target: finding.target.clone(),
            traces: Vec::new(),
        });
        alike.count += 1;
        if alike.traces.len() < MOST && !alike.traces.contains(&finding.trace_id) {
            alike.traces.push(finding.trace_id);
        }
    }

    /// The findings of a recording's directory, for another to be compared with. What is no finding is left out.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn read(dir: &Path) -> Result<Self, RecordedError> {
        let mut found = Self::default();
        lines(&Recording::open(dir)?, FINDINGS, |finding: Finding| found.add(&finding))?;
        Ok(found)
    }

    /// Takes in those of another run.
    pub fn absorb(&mut self, other: Self) {
        for (identity, alike) in other.0 {
            self.0.entry(identity).or_insert(alike);
        }
    }
}

/// A URL without what is of one run alone; other targets as they are.
fn place(target: &str) -> String {
    match Url::parse(target) {
        Ok(url) if url.has_host() => {
            format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or(""), route::of(url.path()))
        }
        _ => target.to_owned(),
    }
}

/// Holds the findings against the limit; what `known` has, too, is no harm. `has_plugins` says whether any plugin was there
/// to find something.
pub fn judge(
    found: &Found,
    known: Option<&Found>,
    limits: &config::Findings,
    has_plugins: bool,
    suspects: &Suspects<'_>,
) -> Vec<Check> {
    let name = format!("{} and above", limits.severity.as_str());
    if found.0.is_empty() && !has_plugins {
        let message = "no plugin was there: nothing could be found";
        return vec![Check::plain(Section::Findings, name, State::Undecided, message)];
    }
    let is_allowed = |kind: &str| limits.allow.iter().any(|pattern| pattern.matches(kind));
    let is_known = |identity: &Identity| known.is_some_and(|known| known.0.contains_key(identity));
    let (mut new, mut old, mut allowed, mut below) = (Vec::new(), 0, 0, 0);
    for (identity, alike) in &found.0 {
        match () {
            () if identity.severity < limits.severity => below += alike.count,
            () if is_allowed(&identity.kind) => allowed += alike.count,
            () if is_known(identity) => old += alike.count,
            () => new.push((identity, alike)),
        }
    }
    new.sort_by(|(a, _), (b, _)| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    if new.is_empty() {
        let figures = (Figure::Integer(0), Figure::Integer(0), Unit::Count);
        let noun = if known.is_some() { "new finding" } else { "finding" };
        let mut check = Check::bounded(Section::Findings, name, noun, figures);
        let rest = [(below, "less severe"), (allowed, "allowed"), (old, "in the baseline, too")];
        rest.iter()
            .filter(|(count, _)| *count > 0)
            .for_each(|(count, what)| check.message.push_str(&format!("; {} {what}", grouped(*count))));
        return vec![check];
    }
    new.iter().map(|(identity, alike)| failed(identity, alike, known.is_some(), suspects)).collect()
}

fn failed(identity: &Identity, alike: &Alike, is_new: bool, suspects: &Suspects<'_>) -> Check {
    let Identity { plugin, kind, severity, place } = identity;
    let count = counted(alike.count, if is_new { "new finding" } else { "finding" });
    let figures = (Figure::Integer(alike.count), Figure::Integer(0), Unit::Count);
    let mut check = Check::bounded(Section::Findings, format!("{kind} {place}"), "", figures);
    let severity = severity.as_str();
    check.message =
        format!("{count} of severity {severity} by {plugin}: {} ({})", alike.message, alike.target);
    check.name_traces(suspects, alike.traces.clone());
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_without_what_is_of_one_run() {
        assert_eq!(place("http://127.0.0.1:4711/users/42?q=1"), "http://127.0.0.1/users/{number}");
        assert_eq!(place("https://shop.test/cart#x"), "https://shop.test/cart");
        assert_eq!(place("secret-scan"), "secret-scan");
    }
}
