//! What is computed of the samples of one series in a window, as Prometheus computes it.

mod rate;
mod over_time;
mod trend;

use std::cell::OnceCell;

pub(super) use over_time::*;
pub(super) use rate::*;
pub(super) use trend::*;

/// Samples of one series in `(start, end]`; at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) times: &'a [i64],
    pub(super) values: &'a [f64],
    pub(super) start: i64,
    pub(super) end: i64,
    /// The time of the evaluation, whatever `offset` and `@` say.
    pub(super) now: i64,
    /// Which samples are less than the one before them. They are known of the whole series, so that no window has to look
    /// for them.
    pub(super) falls: Falls<'a>,
}

/// Where the samples of a series are less than the one before them. Found out when a window first asks: most functions
/// never do.
#[derive(Debug)]
pub(super) struct SeriesFalls<'a> {
    values: &'a [f64],
    places: OnceCell<Vec<usize>>,
}

impl<'a> SeriesFalls<'a> {
    pub(super) fn of(values: &'a [f64]) -> Self {
        Self { values, places: OnceCell::new() }
    }

    fn places(&self) -> &[usize] {
        let falls = |i: &usize| self.values[*i] < self.values[i - 1];
        self.places.get_or_init(|| (1..self.values.len()).filter(falls).collect())
    }
}

/// Where the samples of a window are less than the one before them. Its first sample has none before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Falls<'a> {
    pub(super) series: &'a SeriesFalls<'a>,
    /// The window, as places in the series.
    pub(super) from: usize,
    pub(super) to: usize,
}

impl<'a> Falls<'a> {
    /// Their places in the window.
    fn places(self) -> impl ExactSizeIterator<Item = usize> {
        let places = self.series.places();
        let first = places.partition_point(|place| *place <= self.from);
        let last = first + places[first..].partition_point(|place| *place < self.to);
        places[first..last].iter().map(move |place| place - self.from)
    }
}

impl Window<'_> {
    /// The first and the last sample, if they are two.
    fn ends(&self) -> Option<((i64, f64), (i64, f64))> {
        let last = self.times.len().checked_sub(1).filter(|last| *last > 0)?;
        Some(((self.times[0], self.values[0]), (self.times[last], self.values[last])))
    }

    /// The last two samples.
    fn last_two(&self) -> Option<((i64, f64), (i64, f64))> {
        let last = self.times.len().checked_sub(1).filter(|last| *last > 0)?;
        Some(((self.times[last - 1], self.values[last - 1]), (self.times[last], self.values[last])))
    }
}

/// A sum that keeps what rounding loses, as Kahan and Neumaier do it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) sum: f64,
    pub(super) lost: f64,
}

impl Sum {
    pub(super) fn of(sum: f64) -> Self {
        Self { sum, lost: 0.0 }
    }

    #[must_use]
    pub(super) fn plus(self, more: f64) -> Self {
        let sum = self.sum + more;
        let lost = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= more.abs() {
            self.lost + ((self.sum - sum) + more)
        } else {
            self.lost + ((more - sum) + self.sum)
        };
        Self { sum, lost }
    }

    pub(super) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// A mean: sum by count as long as the sum fits, then step by step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mean {
    count: f64,
    sum: Sum,
    /// Whether `sum` is the mean already.
    stepwise: bool,
}

impl Mean {
    pub(super) fn of(first: f64) -> Self {
        Self { count: 1.0, sum: Sum::of(first), stepwise: false }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.stepwise {
            let next = self.sum.plus(value);
            if !next.sum.is_infinite() {
                self.sum = next;
                return;
            }
            self.stepwise = true;
            self.sum.sum /= self.count - 1.0;
            self.sum.lost /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        self.sum = Sum { sum: share * self.sum.sum, lost: share * self.sum.lost }.plus(value / self.count);
    }

    pub(super) fn mean(&self) -> f64 {
        if self.stepwise { self.sum.total() } else { self.sum.sum / self.count + self.sum.lost / self.count }
    }
}

/// The `q`-quantile, interpolated; NaN counts as the least. Sorts the values.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| {
        b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
    });
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = rank.floor().max(0.0) as usize;
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}
