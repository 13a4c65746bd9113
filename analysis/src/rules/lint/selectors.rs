//! Selectors that find nothing in the recording, and why.
//!
//! Let be is what may well find nothing: what stands in `absent`, behind `unless`, and on one side of an `or` whose other
//! side finds something.

use super::{
    Code, Finding,
    labels::Sight,
    near::{is_typo, listed, nearest},
    place::Place,
    world::{conditions, name_of, names},
};
use crate::{
    metrics::{MatchOp, Matcher, Store},
    promql::{
        Expr, ExprKind,
        ast::{BinaryOp, Selector},
    },
};

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    if let Some(store) = place.world.store {
        findings.extend(of(place, store, place.expr()));
    }
}

fn of(place: &Place<'_>, store: &Store, expr: &Expr) -> Vec<Finding> {
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => {
            let mut found: Vec<_> = nothing(place, store, selector).into_iter().collect();
            if found.is_empty() {
                found.extend(misspelt(place, selector));
            }
            found
        }
        ExprKind::Call(call) if call.function.name.starts_with("absent") => Vec::new(),
        ExprKind::Binary(b) if b.op == BinaryOp::Unless => of(place, store, &b.lhs),
        ExprKind::Binary(b) if b.op == BinaryOp::Or => {
            let (left, right) = (of(place, store, &b.lhs), of(place, store, &b.rhs));
            if left.is_empty() || right.is_empty() { Vec::new() } else { [left, right].concat() }
        }
        _ => expr.children().into_iter().flat_map(|child| of(place, store, child)).collect(),
    }
}

/// Why a selector finds nothing, if it does.
fn nothing(place: &Place<'_>, store: &Store, selector: &Selector) -> Option<Finding> {
    if place.world.reads_alerts(selector) {
        return None;
    }
    let called: Vec<Matcher> = names(selector).cloned().collect();
    let recorded = !place.world.recorded(selector).is_empty();
    let finding = |code, what: String| place.at(selector.range, code, what);
    if !recorded && store.select(&called).is_empty() {
        return Some(finding(Code::NoSeries, no_metric(selector)).hinted(other_metric(place, selector)));
    }
    if let Some(unknown) = unknown_label(place, selector) {
        return Some(unknown);
    }
    // What values a rule will record is not told by its expression.
    if recorded || !store.select(&selector.matchers).is_empty() {
        return None;
    }
    let metric = name_of(selector)
        .map_or_else(|| "the recording".to_owned(), |name| format!("{name} in the recording"));
    let alone = |matcher: &&Matcher| {
        let asked: Vec<Matcher> = called.iter().chain([*matcher]).cloned().collect();
        store.select(&asked).is_empty()
    };
    let Some(alone) = conditions(selector).find(alone) else {
        let asked: Vec<String> = conditions(selector).map(ToString::to_string).collect();
        let what = format!("no series of {metric} meets {} together", asked.join(", "));
        let hint = "each of these is met by some series, but none meets all".to_owned();
        return Some(finding(Code::NoSeries, what).hinted(hint));
    };
    let values = store.label_values(&alone.name, &called);
    let values = values.iter().map(|value| &**value);
    let what = format!("no series of {metric} meets {alone}");
    let meant = match alone.op {
        MatchOp::Equal => {
            nearest(&alone.value, values.clone()).map(|near| format!("; did you mean {near:?}?"))
        }
        _ => None,
    };
    let seen = listed(values.map(|value| if value.is_empty() { "\"\"" } else { value })).unwrap_or_default();
    let hint = format!("{} there is {seen}{}", alone.name, meant.unwrap_or_default());
    Some(finding(Code::UnseenValue, what).hinted(hint))
}

fn no_metric(selector: &Selector) -> String {
    match name_of(selector) {
        Some(name) => format!("no series of the recording is called {name}, and no rule records it"),
        None => {
            let asked: Vec<String> = names(selector).map(ToString::to_string).collect();
            format!("no series of the recording has a name with {}", asked.join(", "))
        }
    }
}

fn other_metric(place: &Place<'_>, selector: &Selector) -> Option<String> {
    let known = place.world.metrics();
    let near = nearest(name_of(selector)?, known.iter().map(String::as_str))?;
    Some(format!("did you mean {near}?"))
}

/// A condition that needs a label which the metric never has.
fn unknown_label(place: &Place<'_>, selector: &Selector) -> Option<Finding> {
    conditions(selector)
        .filter(|matcher| !matcher.accepts(""))
        .find_map(|matcher| unknown(place, selector, matcher, false))
}

/// A condition that leaves out by a label which the metric never has, where it has one that is nearly called so.
fn misspelt(place: &Place<'_>, selector: &Selector) -> Option<Finding> {
    let leaving_out = |m: &&Matcher| m.accepts("") && matches!(m.op, MatchOp::NotEqual | MatchOp::MatchesNot);
    conditions(selector).filter(leaving_out).find_map(|matcher| unknown(place, selector, matcher, true))
}

fn unknown(place: &Place<'_>, selector: &Selector, matcher: &Matcher, only_typos: bool) -> Option<Finding> {
    let metric = Selector { matchers: names(selector).cloned().collect(), ..selector.clone() };
    let expr = Expr { kind: ExprKind::Selector(metric), range: selector.range };
    let labels = Sight::of_data(place.world).labels(&expr);
    let there = labels.names().filter(|_| !labels.has(&matcher.name))?;
    let there = || there.iter().map(String::as_str).filter(|name| *name != crate::metrics::labels::NAME);
    if only_typos && !there().any(|name| is_typo(&matcher.name, name)) {
        return None;
    }
    let near = nearest(&matcher.name, there());
    let of = name_of(selector).map_or_else(|| "no series".to_owned(), |name| format!("no series of {name}"));
    let what = format!("{of} has the label {} ({matcher})", matcher.name);
    Some(place.at(selector.range, Code::UnknownLabel, what).hinted(labels_there(there(), near)))
}

/// What labels there are, and which of them may have been meant.
pub(super) fn labels_there<'a>(there: impl Iterator<Item = &'a str>, near: Option<&str>) -> String {
    let Some(there) = listed(there) else { return "there are no labels at all".to_owned() };
    let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("the labels are {there}{meant}")
}
