//! A figure of a row: what it is, and how far it would be off in other traces, and in other runs.
//!
//! In: the spans of a row on one side. Out: an [`Estimate`]. Ratios are looked at in logarithms, so that twice and half are
//! as far from the same. Not here: the other side.

use super::{
    figure::{Figure, Unit},
    percentile,
    pool::{Side, Together, rank, sum},
    sample::{Row, SpanName, Sums},
    weights::Weights,
};

/// A figure of a row on one side.
#[derive(Debug, Clone)]
pub(super) struct Estimate {
    /// In the figure's unit.
    pub(super) value: f64,
    /// On the scale on which two are compared.
    pub(super) scaled: f64,
    /// The same in each resample.
    pub(super) draws: Vec<f64>,
    /// The variance of runs, on that scale, if there are several.
    pub(super) of_runs: Option<Runs>,
}

/// How much runs of a side vary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs {
    pub(super) count: usize,
    pub(super) variance: f64,
}

/// A side with its weights, and what all rows have in common.
pub(super) struct Resampled<'a> {
    pub(super) side: &'a Side,
    pub(super) weights: Weights,
    pub(super) traces: Vec<f64>,
    critical_ns: Vec<f64>,
}

impl<'a> Resampled<'a> {
    pub(super) fn of(side: &'a Side, seed: u64) -> Self {
        let weights = Weights::of(seed);
        let sums = |of: fn(&Sums) -> u64| weights.sums(side.whole.iter().map(|sums| (sums.block, of(sums))));
        let (traces, critical_ns) = (sums(|sums| sums.traces.into()), sums(|sums| sums.critical_ns));
        Self { side, weights, traces, critical_ns }
    }

    /// How many spans of the row there are in each resample.
    pub(super) fn counts(&self, row: &Together) -> Vec<f64> {
        self.sums(row, |sums| sums.spans.into())
    }

    /// How many spans of that row there are, and how many in each resample; none if there is none.
    pub(super) fn callers(&self, name: &SpanName) -> Option<(u64, Vec<f64>)> {
        let blocks = self.side.row_blocks(name);
        let draws = self.weights.sums(blocks.iter().map(|sums| (sums.block, sums.spans.into())));
        (!blocks.is_empty()).then(|| (sum(&blocks).spans.into(), draws))
    }

    fn sums(&self, row: &Together, of: fn(&Sums) -> u64) -> Vec<f64> {
        self.weights.sums(row.blocks.iter().map(|sums| (sums.block, of(sums))))
    }

    /// The figure of that row. `counts` is what [`Resampled::counts`] says.
    pub(super) fn estimate(
        &self,
        figure: Figure,
        name: &SpanName,
        row: &Together,
        counts: &[f64],
    ) -> Estimate {
        let value = match figure {
            Figure::Percentile(thousandths) => row.percentile_ns(thousandths) as f64,
            _ => of_sums(figure, &row.sums, &self.side.all),
        };
        let draws: Vec<f64> = match figure {
            Figure::Percentile(thousandths) => percentile::draws(row, counts, thousandths, &self.weights)
                .into_iter()
                .map(|ns| scaled(figure, ns as f64))
                .collect(),
            _ => {
                let above = self.sums(row, part(figure));
                let below = match figure {
                    Figure::Calls => &self.traces,
                    Figure::Critical => &self.critical_ns,
                    _ => counts,
                };
                above.iter().zip(below).map(|(above, below)| scaled(figure, above / below.max(1.0))).collect()
            }
        };
        Estimate { value, scaled: scaled(figure, value), draws, of_runs: self.of_runs(figure, name) }
    }

    fn of_runs(&self, figure: Figure, name: &SpanName) -> Option<Runs> {
        let runs = self.side.of_runs.iter().zip(self.side.rows(name));
        let runs: Vec<(&Sums, &Row)> = runs.filter_map(|(whole, row)| Some((whole, row?))).collect();
        let count = runs.len();
        if count < 2 {
            return None;
        }
        let values: Vec<f64> = runs.into_iter().map(|(whole, row)| of_run(figure, row, whole)).collect();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Runs { count, variance: squares / (count - 1) as f64 })
    }
}

/// The figure of a row in one run, on the scale. `whole` is of all rows of the run.
fn of_run(figure: Figure, row: &Row, whole: &Sums) -> f64 {
    let value = match figure {
        Figure::Percentile(thousandths) => {
            // A row has a span.
            let mut durations: Vec<u64> = row.spans.iter().map(|span| span.duration_ns).collect();
            let at = rank(durations.len(), thousandths) - 1;
            *durations.select_nth_unstable(at).1 as f64
        }
        _ => of_sums(figure, &sum(&row.blocks), whole),
    };
    scaled(figure, value)
}

/// What of the sums a figure is made of.
fn part(figure: Figure) -> fn(&Sums) -> u64 {
    match figure {
        Figure::Mean => |sums| sums.total_ns,
        Figure::SelfTime => |sums| sums.self_ns,
        Figure::Critical => |sums| sums.critical_ns,
        Figure::Errors => |sums| sums.errors.into(),
        Figure::Calls | Figure::Percentile(_) => |sums| sums.spans.into(),
    }
}

fn of_sums(figure: Figure, row: &Sums, whole: &Sums) -> f64 {
    let below = match figure {
        Figure::Calls => u64::from(whole.traces),
        Figure::Critical => whole.critical_ns,
        _ => row.spans.into(),
    };
    part(figure)(row) as f64 / below.max(1) as f64
}

/// On the scale on which two of them are compared: of shares it is their own.
fn scaled(figure: Figure, value: f64) -> f64 {
    match figure.unit() {
        // What takes no time at all takes less than a nanosecond.
        Unit::Nanoseconds => value.max(1.0).ln(),
        Unit::PerTrace => value.max(f64::MIN_POSITIVE).ln(),
        Unit::Share => value,
    }
}
