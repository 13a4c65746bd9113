//! Labels that `by`, `on` and their like ask for, and that what they are asked of never has.
//!
//! Where a label is only left out (`without`, `ignoring`), one that is not there does no harm; it is told only if there is
//! one that is nearly called so.

use std::collections::BTreeSet;

use super::{
    Code, Finding,
    label_set::LabelSet,
    labels::{Sight, is_number, text},
    near::{is_typo, nearest, shortened},
    place::Place,
    selectors::labels_there,
};
use crate::{
    metrics::labels::NAME,
    promql::{
        Expr, ExprKind, TextRange,
        ast::{Aggregate, Binary, Call, Side},
    },
};

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    inside(place, place.expr(), findings);
}

/// The labels that an expression asks for and that are not there.
pub(super) fn labels(place: &Place<'_>) -> BTreeSet<String> {
    inside(place, place.expr(), &mut Vec::new())
}

/// What is found in an expression, the innermost first. Gives the labels that were found not to be there: what stands
/// further out and asks for them too is told nothing new.
fn inside(place: &Place<'_>, expr: &Expr, findings: &mut Vec<Finding>) -> BTreeSet<String> {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for child in expr.children() {
        told.extend(inside(place, child, findings));
    }
    let mut found = match &expr.kind {
        ExprKind::Aggregate(aggregate) => grouping(place, expr, aggregate),
        ExprKind::Binary(b) if !is_number(&b.lhs) && !is_number(&b.rhs) => matching(place, expr, b),
        ExprKind::Call(call) => sources(place, expr, call),
        _ => Vec::new(),
    };
    found.retain(|(name, _)| !told.contains(name));
    for (name, finding) in found {
        told.insert(name);
        findings.push(finding);
    }
    told
}

type Found = Vec<(String, Finding)>;

fn grouping(place: &Place<'_>, expr: &Expr, aggregate: &Aggregate) -> Found {
    let word = if aggregate.grouping.without { "without" } else { "by" };
    let asked = Asked { place, of: &aggregate.expr, at: expr, only_typos: aggregate.grouping.without };
    aggregate
        .grouping
        .labels
        .iter()
        .filter_map(|name| asked.label(name, &format!("{word} ({name})")))
        .collect()
}

fn matching(place: &Place<'_>, expr: &Expr, b: &Binary) -> Found {
    let word = if b.matching.on { "on" } else { "ignoring" };
    let sides = [&b.lhs, &b.rhs].map(|of| Asked { place, of, at: expr, only_typos: !b.matching.on });
    let mut found = Found::new();
    for name in &b.matching.labels {
        let written = format!("{word} ({name})");
        let of_sides: Vec<_> = sides.iter().filter_map(|side| side.label(name, &written)).collect();
        // What only one side has may well be left out.
        if b.matching.on || of_sides.len() == 2 {
            found.extend(of_sides.into_iter().take(1));
        }
    }
    let (word, of) = match b.matching.many {
        Side::Neither => return found,
        Side::Left => ("group_left", &b.rhs),
        Side::Right => ("group_right", &b.lhs),
    };
    let asked = Asked { place, of, at: expr, only_typos: false };
    found.extend(b.matching.include.iter().filter_map(|name| asked.label(name, &format!("{word} ({name})"))));
    found
}

fn sources(place: &Place<'_>, expr: &Expr, call: &Call) -> Found {
    let (Some(of), sources) = (call.args.first(), call.args.iter().skip(3)) else { return Found::new() };
    let sources = match call.function.name {
        "label_replace" => sources.take(1),
        "label_join" => sources.take(usize::MAX),
        _ => return Found::new(),
    };
    let asked = Asked { place, of, at: expr, only_typos: false };
    // Without a source a label is set to a text.
    let names = sources.filter_map(text).filter(|name| !name.is_empty());
    names.filter_map(|name| asked.label(name, &format!("{} of {name}", call.function.name))).collect()
}

/// A question for labels.
struct Asked<'a> {
    place: &'a Place<'a>,
    /// What is asked.
    of: &'a Expr,
    /// What asks.
    at: &'a Expr,
    only_typos: bool,
}

impl Asked<'_> {
    /// What is to be said of a label: it was taken away, or is never there.
    fn label(&self, name: &str, written: &str) -> Option<(String, Finding)> {
        let world = self.place.world;
        let by_rules = Sight::of_rules(world).labels(self.of);
        let by_data = Sight::of_data(world).labels(self.of);
        let finding = if !by_rules.has(name) {
            let what = format!("{written}: the result of {} can't have that label", self.called());
            self.finding(Code::DroppedLabel, name, &by_rules, what)
        } else if !by_data.has(name) {
            let what = format!("{written}: {} never has that label in the recording", self.called());
            self.finding(Code::UnknownLabel, name, &by_data, what)
        } else {
            None
        };
        finding.map(|finding| (name.to_owned(), finding))
    }

    fn finding(&self, code: Code, name: &str, labels: &LabelSet, what: String) -> Option<Finding> {
        let there = || labels.names().into_iter().flatten().map(String::as_str).filter(|name| *name != NAME);
        if self.only_typos && !there().any(|other| is_typo(name, other)) {
            return None;
        }
        let hint = labels.names().map(|_| labels_there(there(), nearest(name, there())));
        Some(self.place.at(self.range(), code, what).hinted(hint))
    }

    /// Where it is shown: at what asks, unless that begins in another line than what is asked.
    fn range(&self) -> TextRange {
        let text = &self.place.rule.query.text;
        let before = text.get(self.at.range.start..self.of.range.start).unwrap_or_default();
        if before.contains('\n') { self.of.range } else { self.at.range }
    }

    /// What is asked, on a line.
    fn called(&self) -> String {
        shortened(self.place.part(self.of.range))
    }
}
