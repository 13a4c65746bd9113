//! Cases: findings that are about one thing, joined.
//!
//! In: findings in any order, twice, and a seed. Out: [`Cases`]; the same findings and seed give the same bytes. Two findings
//! are about one thing if they have a key in common (`keys`), or if a chain of others leads from one to the other. What is
//! held of the findings is what they have in common, a number for each claim, and as much of each case as is told of it: a
//! large file of them goes by. Not here: where findings come from, how cases are printed.

mod keys;
mod digest;
mod join;
mod weigh;
mod order;
mod detail;
mod graph;
mod changed;

use glyph_formats::{Cases, Finding};

pub use self::{
    changed::{Changed, Weight, changed},
    detail::Joined,
    join::Joining,
};

/// Joins findings that are in memory.
pub fn of<'a>(findings: impl Iterator<Item = &'a Finding> + Clone, seed: &str) -> Cases {
    let mut joining = Joining::default();
    findings.clone().for_each(|finding| joining.add(finding));
    let mut joined = joining.join(seed);
    findings.for_each(|finding| joined.add(finding));
    joined.cases()
}

#[cfg(test)]
mod tests;
