//! How the durations of each group are spread: percentiles, which take all of them in order. Sorting is polars'.
//!
//! In: the durations of every group. Out: a [`Spread`] for each. Groups are sorted side by side, one on each core.

use std::sync::{Mutex, PoisonError};

use polars::prelude::*;

use super::powers::Powers;
use crate::trace::cores::on_every_core;

/// What is said of a group's durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::trace) struct Spread {
    /// The nearest-rank percentiles 50, 90, 95, 99 and 100: each the `ceil(q·n)`-th by size. Zeroes without durations.
    pub(in crate::trace) percentiles: [u64; 5],
    pub(super) powers: Powers,
}

/// The spread of each group, in the order of the groups.
pub(in crate::trace) fn spreads(groups: Vec<Vec<u64>>) -> Vec<Spread> {
    let mut spreads = vec![Spread::default(); groups.len()];
    let next = Mutex::new(groups.into_iter().zip(&mut spreads));
    on_every_core(|| {
        loop {
            let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((durations, spread)) = taken else { return };
            *spread = self::spread(durations);
        }
    });
    spreads
}

fn spread(durations: Vec<u64>) -> Spread {
    let powers = Powers::of(&durations);
    let options = SortOptions::default().with_multithreaded(false);
    let sorted = UInt64Chunked::from_vec("durations".into(), durations).sort_with(options);
    let n = sorted.len();
    let rank = |percent: usize| (n * percent).div_ceil(100).checked_sub(1);
    let percentiles =
        [50, 90, 95, 99, 100].map(|q| rank(q).and_then(|at| sorted.get(at)).unwrap_or_default());
    Spread { percentiles, powers }
}
