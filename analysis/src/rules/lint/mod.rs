//! Rules held against a recording, or against themselves: what in them can't be meant.
//!
//! In: rule files that were loaded, and a [`Store`] if there is one. Out: [`Finding`]s, each with its place, a [`Code`]
//! and a hint. A finding is sure: of what can't be told from the expression, or from the recording where there is one,
//! nothing is said. Not here: faults for which a file can't be loaded at all ([`super::load`] tells them;
//! [`Finding::of_error`] makes them findings), and the evaluation of rules.

// What is found.
mod code;
mod finding;

// What is known beforehand.
mod world;
mod label_set;
mod labels;
mod place;
mod near;

// What is looked for: in the expression,
mod selectors;
mod asked;
mod quantiles;
mod kinds;
mod ranges;
mod interval;
mod values;
mod parts;
mod comparisons;
// in the rule,
mod timing;
mod templates;
// and among all rules.
mod duplicates;

pub use self::{
    code::{Code, UnknownCode},
    finding::{Finding, Report},
};
use self::{place::Place, world::World};
use super::rule::RuleFile;
use crate::metrics::Store;

/// All that is looked for in one rule.
const CHECKS: [fn(&Place<'_>, &mut Vec<Finding>); 8] = [
    selectors::check,
    asked::check,
    quantiles::check,
    kinds::check,
    ranges::check,
    comparisons::check,
    timing::check,
    templates::check,
];

/// Looks at rules; by file, line and code. Rules may read what rules of other files record, so all files that are loaded
/// together belong in one call. Without a store nothing is said about what the series are.
pub fn lint(files: &[RuleFile], store: Option<&Store>) -> Vec<Finding> {
    let world = World::new(files, store);
    let mut findings = duplicates::check(files);
    for (file, group) in files.iter().flat_map(|file| file.groups.iter().map(move |group| (file, group))) {
        for rule in &group.rules {
            let place = Place { file, group, rule, world: &world };
            CHECKS.iter().for_each(|check| check(&place, &mut findings));
        }
    }
    let order: Vec<_> = files.iter().map(|file| &file.path).collect();
    let at = |finding: &Finding| order.iter().position(|path| **path == finding.path);
    findings.sort_by_cached_key(|f| (at(f), f.line, f.code, f.what.clone()));
    findings.dedup();
    findings
}

#[cfg(test)]
mod sound;
#[cfg(test)]
mod tests;
