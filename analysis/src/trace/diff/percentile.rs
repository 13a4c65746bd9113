//! A percentile in every resample, exactly, without sorting one.
//!
//! In a resample each span counts as often as its block's weight says, and the percentile is the first duration, going up, at
//! which the counts so far reach `ceil(q·n)`. It lies near the percentile of the sample itself: only the spans within a few
//! standard deviations of its rank are gone through, for all resamples at once; where that was not enough for one, more are.

use super::{
    pool::{Together, rank},
    sample::Sums,
    weights::{BLOCKS, RESAMPLES, Weights},
};

/// So many standard deviations to either side are looked at first.
const WINDOW: f64 = 5.0;
/// And so many spans more.
const MARGIN: usize = 16;

/// The percentile, in thousandths, of each resample, in nanoseconds. `counts` says how many spans there are in each.
pub(super) fn draws(row: &Together, counts: &[f64], thousandths: u16, weights: &Weights) -> Vec<u64> {
    let spans = &row.spans;
    let middle = rank(spans.len(), thousandths) - 1;
    let mut before = vec![0_u32; BLOCKS];
    spans[..middle].iter().for_each(|span| before[usize::from(span.block)] += 1);
    let needed: Vec<u32> = counts.iter().map(|n| rank(*n as usize, thousandths) as u32).collect();
    let mut half = (WINDOW * deviation(&row.blocks, &before, thousandths)) as usize + MARGIN;
    loop {
        let (from, to) = (middle.saturating_sub(half), (middle + half).min(spans.len()));
        let mut below = before.clone();
        spans[from..middle].iter().for_each(|span| below[usize::from(span.block)] -= 1);
        let start = counted(&below, weights);
        let is_too_high = from > 0 && start.iter().zip(&needed).any(|(count, needed)| count >= needed);
        let passed = passed(&row.spans[from..to], start, &needed, weights);
        let is_too_low = to < spans.len() && passed.iter().any(|passed| *passed as usize == to - from);
        if !is_too_high && !is_too_low {
            let last = spans.len() - 1;
            return passed
                .iter()
                .map(|passed| spans[last.min(from + *passed as usize)].duration_ns)
                .collect();
        }
        half *= 2;
    }
}

/// How far from its own the rank of the percentile may be in a resample: the standard deviation of how many spans count up to it
/// beyond `q` of all.
fn deviation(blocks: &[Sums], before: &[u32], thousandths: u16) -> f64 {
    let q = f64::from(thousandths) / 1_000.0;
    let of_block = |sums: &Sums| f64::from(before[usize::from(sums.block)]) - q * f64::from(sums.spans);
    blocks.iter().map(|sums| of_block(sums).powi(2)).sum::<f64>().sqrt()
}

/// How many spans that is in each resample.
fn counted(of_blocks: &[u32], weights: &Weights) -> [u32; RESAMPLES] {
    let mut counts = [0; RESAMPLES];
    for (block, n) in of_blocks.iter().enumerate().filter(|(_, n)| **n > 0) {
        for (count, weight) in counts.iter_mut().zip(weights.of_block(block as u16)) {
            *count += n * u32::from(*weight);
        }
    }
    counts
}

/// How many of these spans have to be passed in each resample until as many count as are needed.
fn passed(
    spans: &[super::pool::Pooled],
    mut counts: [u32; RESAMPLES],
    needed: &[u32],
    weights: &Weights,
) -> Vec<u32> {
    let mut passed = vec![0; RESAMPLES];
    for span in spans {
        let lanes = counts.iter_mut().zip(weights.of_block(span.block)).zip(needed).zip(&mut passed);
        for (((count, weight), needed), passed) in lanes {
            *count += u32::from(*weight);
            *passed += u32::from(*count < *needed);
        }
    }
    passed
}
