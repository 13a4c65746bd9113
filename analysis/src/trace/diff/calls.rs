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

/// What has changed, the greatest change first.
pub(super) fn changed(base: &Resampled<'_>, new: &Resampled<'_>) -> Vec<ChangedCalls> {
    let pairs = |side: &Resampled<'_>| -> BTreeSet<Pair> {
        side.side.runs.iter().flat_map(|run| run.calls.keys().cloned()).collect()
    };
    let all: Vec<Pair> = pairs(base).union(&pairs(new)).cloned().collect();
    let of_pairs = all.len();
    // A pair of which a row is new or gone tells nothing that the row does not.
    let rates: Vec<(Pair, Rate, Rate)> = all
        .into_par_iter()
        .filter_map(|pair| {
            let (of_base, of_new) = (rate(base, &pair)?, rate(new, &pair)?);
            Some((pair, of_base, of_new))
        })
        .collect();
    let is_on_both = |(_, base, new): &&(Pair, Rate, Rate)| base.blocks > 0 && new.blocks > 0;
    let greatest =
        rates.iter().filter(is_on_both).fold(Greatest::default(), |mut greatest, (_, base, new)| {
            let difference = Difference::between(&base.estimate, &new.estimate);
            greatest.add(&base.estimate, &new.estimate, &difference, true);
            greatest
        });
    let critical = greatest.critical();
    let (traces_base, traces_new) = (base.side.traces(), new.side.traces());
    let is_changed = |(_, base, new): &(Pair, Rate, Rate)| match (base.blocks, new.blocks) {
        (0, blocks) => blocks >= wanted_alone(traces_new, traces_base, of_pairs),
        (blocks, 0) => blocks >= wanted_alone(traces_base, traces_new, of_pairs),
        _ => {
            let difference = Difference::between(&base.estimate, &new.estimate);
            let (low, high) = difference.interval(critical);
            (low > 0.0 || high < 0.0) && difference.value.abs() > LEAST.ln_1p()
        }
    };
    let mut changed: Vec<(f64, ChangedCalls)> = rates
        .into_iter()
        .filter(is_changed)
        .map(|((caller, callee), base, new)| {
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
