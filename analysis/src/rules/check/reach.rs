//! What a rule needs of a recording before anything can be said: how long it has to be, and which series.

use rustc_hash::FxHashMap;

use crate::{
    metrics::{MatchOp, Matcher, Store, labels::NAME},
    promql::{
        Expr, ExprKind, Query,
        ast::{Selector, Shift},
        duration,
    },
    rules::run::{ALERTS, FOR_STATE},
};

/// A selector that reads what was recorded.
pub(super) struct Leaf<'q> {
    pub(super) selector: &'q Selector,
    /// How far back it looks, in milliseconds.
    pub(super) back: i64,
    /// The window in which it needs two samples.
    of_two: Option<i64>,
    /// Whether it is there to find nothing.
    may_be_absent: bool,
}

/// The selectors that an expression comes down to, through recording rules.
pub(super) fn leaves<'q>(query: &'q Query, recorded: &FxHashMap<&str, &'q Query>) -> Vec<Leaf<'q>> {
    let mut leaves = Vec::new();
    let place = Place { back: 0, of_two: false, may_be_absent: false, depth: 0 };
    collect(&query.expr, recorded, place, &mut leaves);
    leaves
}

#[derive(Clone, Copy)]
struct Place {
    back: i64,
    of_two: bool,
    may_be_absent: bool,
    depth: usize,
}

fn collect<'q>(
    expr: &'q Expr,
    recorded: &FxHashMap<&str, &'q Query>,
    place: Place,
    leaves: &mut Vec<Leaf<'q>>,
) {
    let back =
        |shift: Shift, window: i64| place.back.saturating_add(shift.offset.max(0)).saturating_add(window);
    match &expr.kind {
        ExprKind::Selector(selector) => {
            leaf(selector, recorded, Place { back: back(selector.shift, 0), ..place }, None, leaves);
        }
        ExprKind::Range { selector, window } => {
            let place = Place { back: back(selector.shift, *window), ..place };
            leaf(selector, recorded, place, Some(*window), leaves);
        }
        ExprKind::Subquery(s) => {
            collect(
                &s.expr,
                recorded,
                Place { back: back(s.shift, s.window), of_two: false, ..place },
                leaves,
            );
        }
        ExprKind::Call(call) => {
            let name = call.function.name;
            let place = Place {
                of_two: call.function.needs_two(),
                may_be_absent: place.may_be_absent || name.starts_with("absent"),
                ..place
            };
            call.args.iter().for_each(|arg| collect(arg, recorded, place, leaves));
        }
        ExprKind::Paren(inner) | ExprKind::Plus(inner) => collect(inner, recorded, place, leaves),
        _ => expr.children().into_iter().for_each(|child| {
            collect(child, recorded, Place { of_two: false, ..place }, leaves);
        }),
    }
}

fn leaf<'q>(
    selector: &'q Selector,
    recorded: &FxHashMap<&str, &'q Query>,
    place: Place,
    window: Option<i64>,
    leaves: &mut Vec<Leaf<'q>>,
) {
    let name = selector.matchers.iter().find(|m| *m.name == *NAME && m.op == MatchOp::Equal);
    // Recording rules may go in a circle: then this selector is as far as it goes.
    if place.depth < 16
        && let Some(query) = name.and_then(|name| recorded.get(&*name.value))
    {
        let place = Place { of_two: false, depth: place.depth + 1, ..place };
        return collect(&query.expr, recorded, place, leaves);
    }
    let of_two = window.filter(|_| place.of_two);
    // Of alerts the rules tell themselves; where there are none, nothing is missing.
    let of_alerts = name.is_some_and(|name| [ALERTS, FOR_STATE].contains(&&*name.value));
    let may_be_absent = place.may_be_absent || of_alerts;
    leaves.push(Leaf { selector, back: place.back, of_two, may_be_absent });
}

/// Why nothing can be said of a rule by this recording; none if something can.
/// `length` is how long it goes on up to the last evaluation, and for how long it is evaluated.
pub(super) fn obstacle(
    leaves: &[Leaf<'_>],
    hold: i64,
    (length, evaluated): (i64, i64),
    store: &Store,
) -> Option<String> {
    let back = leaves.iter().map(|leaf| leaf.back).max().unwrap_or(0);
    let needed = hold.saturating_add(back);
    if hold > evaluated && needed <= length {
        return Some(format!(
            "it needs {} (for), the rules are evaluated for {}",
            duration::format(hold),
            duration::format(evaluated),
        ));
    }
    if needed > length {
        return Some(format!(
            "it needs {} (for {}, ranges and offsets {}), the recording has {}",
            duration::format(needed),
            duration::format(hold),
            duration::format(back),
            duration::format(length),
        ));
    }
    let needing: Vec<_> = leaves.iter().filter(|leaf| !leaf.may_be_absent).collect();
    if !needing.is_empty() && needing.iter().all(|leaf| store.select(&leaf.selector.matchers).is_empty()) {
        let mut selectors: Vec<_> = needing.iter().map(|leaf| written(&leaf.selector.matchers)).collect();
        selectors.dedup();
        return Some(format!("the recording has no series of {}", selectors.join(", ")));
    }
    needing.iter().find_map(|leaf| too_narrow(leaf, store))
}

/// Whether no window of a leaf can hold two samples.
fn too_narrow(leaf: &Leaf<'_>, store: &Store) -> Option<String> {
    let window = leaf.of_two?;
    let series = store.select(&leaf.selector.matchers);
    let gaps = series
        .iter()
        .flat_map(|id| store.series()[*id as usize].times.windows(2).map(|pair| pair[1] - pair[0]));
    let least = gaps.min()?;
    (least >= window).then(|| {
        let selector = written(&leaf.selector.matchers);
        let (window, least) = (duration::format(window), duration::format(least));
        format!("the range {window} of {selector} can't hold two samples: they are {least} apart")
    })
}

/// Matchers as a selector.
fn written(matchers: &[Matcher]) -> String {
    let is_name = |m: &&Matcher| *m.name == *NAME && m.op == MatchOp::Equal;
    let name = matchers.iter().find(is_name).map_or("", |m| &*m.value);
    let rest: Vec<_> = matchers.iter().filter(|m| !is_name(m)).map(ToString::to_string).collect();
    if rest.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", rest.join(",")) }
}
