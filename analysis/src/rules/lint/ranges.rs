//! Ranges in which there are too few samples for what the function makes of them.
//!
//! How often series are scraped is the median gap between their samples, of the series that are scraped most often; of
//! what a rule records, it is the group's interval, if the group says one; of a subquery, its step.

use super::{
    Code, Finding,
    place::{Place, walk},
    world::{name_of, names},
};
use crate::{
    metrics::{Series, Store, stale::is_marker},
    promql::{
        Expr, ExprKind,
        ast::{Call, Selector},
        duration,
    },
};

/// How many samples of a series are looked at.
const LOOKED_AT: usize = 200;

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    walk(place.expr(), &mut |expr| {
        if let ExprKind::Call(call) = &expr.kind {
            findings.extend(call.args.iter().find_map(|arg| of_range(place, call, arg)));
        }
    });
}

fn of_range(place: &Place<'_>, call: &Call, arg: &Expr) -> Option<Finding> {
    let function = call.function.name;
    // Of one sample `changes` and `resets` say that nothing has changed, which they can't know.
    let needed = if call.function.needs_two() || matches!(function, "changes" | "resets") { 2 } else { 1 };
    let (window, gap, of) = match &arg.bare().kind {
        ExprKind::Range { selector, window } => {
            let gap = gap(place, selector)?;
            (*window, gap, format!("samples come every {}", duration::format(gap)))
        }
        ExprKind::Subquery(subquery) => {
            let step = subquery.step?;
            (subquery.window, step, format!("the subquery's step is {}", duration::format(step)))
        }
        _ => return None,
    };
    // Scrapes are never quite regular.
    if window.saturating_add(gap.saturating_mul(needed) / 20) >= gap.saturating_mul(needed) {
        return None;
    }
    let window = duration::format(window);
    let what = if needed == 2 {
        format!("{function} needs two samples in its range of {window}, but {of}")
    } else {
        format!("in the range of {window} there is often no sample: {of}")
    };
    let hint = format!(
        "take at least {}; four times the gap outlasts a failed scrape",
        duration::format(gap * needed)
    );
    Some(place.at(arg.range, Code::ShortRange, what).hinted(hint))
}

/// How far apart a selector's samples are.
fn gap(place: &Place<'_>, selector: &Selector) -> Option<i64> {
    let recorded = place.world.recorded(selector);
    // A group that has no interval has that of Prometheus' configuration, which is not known here.
    let of_rules = recorded.iter().filter(|(group, _)| group.has_interval).map(|(group, _)| group.interval);
    let of_store = place.world.store.into_iter().flat_map(|store| gaps(store, selector));
    of_rules.chain(of_store).min().filter(|gap| *gap > 0)
}

/// The gaps of the series that are selected; if there are none, of those of that name.
fn gaps<'a>(store: &'a Store, selector: &Selector) -> impl Iterator<Item = i64> + 'a {
    let mut ids = store.select(&selector.matchers);
    if ids.is_empty() && name_of(selector).is_some() {
        ids = store.select(&names(selector).cloned().collect::<Vec<_>>());
    }
    ids.into_iter().filter_map(|id| median_gap(&store.series()[id as usize]))
}

/// The median gap between a series' samples. Of a few samples it says nothing.
fn median_gap(series: &Series) -> Option<i64> {
    let there = series.times.iter().zip(&series.values).filter(|(_, value)| !is_marker(**value));
    let times: Vec<i64> = there.map(|(time, _)| *time).take(LOOKED_AT).collect();
    let mut gaps: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    if gaps.len() < 3 {
        return None;
    }
    gaps.sort_unstable();
    Some(gaps[(gaps.len() - 1) / 2])
}
