//! Who calls whom, and how often: what of that has changed.
//!
//! Of each pair of caller and callee, the calls that one span of the caller makes; of roots, how many a trace has. A pair is told
//! if the change is more than noise among all pairs (as in [`super::family`], to both sides) and more than a twentieth, or if there was
//! no such call on a side and that is no chance.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{
    answer::ChangedCalls,
    estimate::{Estimate, Resampled},
    family::{Difference, Greatest},
    sample::{Calls, SpanName},
    verdict::wanted_alone,
};

/// Changes by less are not worth a line.
const LEAST: f64 = 0.05;

type Pair = (Option<SpanName>, SpanName);

/// The calls of a pair on one side.
struct Rate {
    estimate: Estimate,
    /// How many blocks of traces have one: no more than traces.
    blocks: u64,
}

/// A pair on both sides.
struct Compared {
    pair: Pair,
    base: Rate,
    new: Rate,
    /// None if one of the sides has no such call.
    difference: Option<Difference>,
}

/// What has changed, the greatest change first.
pub(super) fn changed(base: &Resampled<'_>, new: &Resampled<'_>) -> Vec<ChangedCalls> {
    let pairs = |side: &Resampled<'_>| -> BTreeSet<Pair> {
        side.side.runs.iter().flat_map(|run| run.calls.keys().cloned()).collect()
    };
    let all: Vec<Pair> = pairs(base).union(&pairs(new)).cloned().collect();
    let of_pairs = all.len();
    // A pair of which a row is new or gone tells nothing that the row does not.
    let compared: Vec<Compared> = all
        .into_par_iter()
        .filter_map(|pair| {
            let (base, new) = (rate(base, &pair)?, rate(new, &pair)?);
            let is_on_both = base.blocks > 0 && new.blocks > 0;
            let difference = is_on_both.then(|| Difference::between(&base.estimate, &new.estimate));
            Some(Compared { pair, base, new, difference })
        })
        .collect();
    let mut greatest = Greatest::default();
    for Compared { base, new, difference, .. } in &compared {
        if let Some(difference) = difference {
            greatest.add(&base.estimate, &new.estimate, difference, true);
        }
    }
    let critical = greatest.critical();
    let (traces_base, traces_new) = (base.side.traces(), new.side.traces());
    let is_changed = |compared: &Compared| match compared.difference {
        Some(difference) => {
            let (low, high) = difference.interval(critical);
            (low > 0.0 || high < 0.0) && difference.value.abs() > LEAST.ln_1p()
        }
        None if compared.base.blocks == 0 => {
            compared.new.blocks >= wanted_alone(traces_new, traces_base, of_pairs)
        }
        None => compared.base.blocks >= wanted_alone(traces_base, traces_new, of_pairs),
    };
    let mut changed: Vec<(f64, ChangedCalls)> = compared
        .into_iter()
        .filter(is_changed)
        .map(|Compared { pair: (caller, callee), base, new, .. }| {
            let change = (new.estimate.scaled - base.estimate.scaled).abs();
            let calls = ChangedCalls { caller, callee, base: base.estimate.value, new: new.estimate.value };
            (change, calls)
        })
        .collect();
    changed.sort_by(|a, b| b.0.total_cmp(&a.0));
    changed.into_iter().map(|(_, calls)| calls).collect()
}

/// How often the one calls the other; none if either has no span.
fn rate(side: &Resampled<'_>, pair: &Pair) -> Option<Rate> {
    let (caller, callee) = pair;
    side.side.rows(callee).flatten().next()?;
    let calls = side.side.calls(pair);
    let sum = |calls: &[Calls]| calls.iter().map(|calls| u64::from(calls.count)).sum::<u64>();
    let (callers, of_callers) = match caller {
        None => (side.side.traces(), side.traces.clone()),
        Some(caller) => side.callers(caller)?,
    };
    let value = sum(&calls) as f64 / callers as f64;
    let draws = side.weights.sums(calls.iter().map(|calls| (calls.block, calls.count.into())));
    let scaled = |rate: f64| rate.max(f64::MIN_POSITIVE).ln();
    let draws =
        draws.iter().zip(&of_callers).map(|(calls, callers)| scaled(calls / callers.max(1.0))).collect();
    let estimate = Estimate { value, scaled: scaled(value), draws, of_runs: None };
    Some(Rate { estimate, blocks: calls.len() as u64 })
}
