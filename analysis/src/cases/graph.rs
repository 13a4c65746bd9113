//! A case in Mermaid's language: from the case to what it is about, to the claims, to who makes them.

use std::{collections::BTreeMap, fmt::Write};

use glyph_formats::Severity;
use glyph_formats::case::Evidence;

use crate::{mermaid::Label, text::counted};

/// No more claims than these are drawn.
const MOST: usize = 50;

/// The graph of so many claims, of which the worst are given, the worst first.
pub(super) fn draw(title: &str, severity: Severity, all: u64, claims: &[Evidence]) -> String {
    let mut out = format!("flowchart LR\n  case[\"{} ({})\"]\n", Label(title), severity.as_str());
    let drawn = &claims[..claims.len().min(MOST)];
    let (targets, plugins) = (numbered(drawn, |c| &c.target), numbered(drawn, |c| &c.plugin));
    for (target, n) in &targets {
        writeln!(out, "  case --> t{n}[\"{}\"]", Label(target)).ok();
    }
    for (i, claim) in drawn.iter().enumerate() {
        let (target, plugin) = (targets[claim.target.as_str()], plugins[claim.plugin.as_str()]);
        let (kind, severity) = (Label(&claim.kind), claim.severity.as_str());
        writeln!(out, "  t{target} --> c{i}[\"{kind} ({severity})\"]\n  c{i} -.- p{plugin}").ok();
    }
    for (plugin, n) in &plugins {
        writeln!(out, "  p{n}([\"{}\"])", Label(plugin)).ok();
    }
    let more = all.saturating_sub(drawn.len() as u64);
    if more > 0 {
        let more = counted(more, "more claim");
        writeln!(out, "  case --> more[\"{more}\"]").ok();
    }
    out
}

/// Numbers for texts, in the order of text.
fn numbered<'a>(
    claims: &'a [Evidence],
    text: impl Fn(&'a Evidence) -> &'a String,
) -> BTreeMap<&'a str, usize> {
    let mut all: BTreeMap<&str, usize> = claims.iter().map(|claim| (text(claim).as_str(), 0)).collect();
    all.values_mut().enumerate().for_each(|(i, n)| *n = i);
    all
}
