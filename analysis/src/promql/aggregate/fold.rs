//! One number of many, element by element.

use super::super::window::{Mean, Sum};

/// What is known of a group so far.
pub(super) enum Fold {
    Sum(Sum),
    Avg(Mean),
    Min(f64),
    Max(f64),
    Count(f64),
    Group,
    Spread { count: f64, mean: f64, squares: f64, root: bool },
}

impl Fold {
    pub(super) fn sum(first: f64) -> Self {
        Self::Sum(Sum::of(first))
    }

    pub(super) fn avg(first: f64) -> Self {
        Self::Avg(Mean::of(first))
    }

    pub(super) fn min(first: f64) -> Self {
        Self::Min(first)
    }

    pub(super) fn max(first: f64) -> Self {
        Self::Max(first)
    }

    pub(super) fn count(_: f64) -> Self {
        Self::Count(1.0)
    }

    pub(super) fn group(_: f64) -> Self {
        Self::Group
    }

    pub(super) fn stdvar(first: f64) -> Self {
        let squares = if first.is_finite() { 0.0 } else { f64::NAN };
        Self::Spread { count: 1.0, mean: first, squares, root: false }
    }

    pub(super) fn stddev(first: f64) -> Self {
        let squares = if first.is_finite() { 0.0 } else { f64::NAN };
        Self::Spread { count: 1.0, mean: first, squares, root: true }
    }

    pub(super) fn add(&mut self, value: f64) {
        match self {
            Self::Sum(sum) => *sum = sum.plus(value),
            Self::Avg(mean) => mean.add(value),
            Self::Min(least) if *least > value || least.is_nan() => *least = value,
            Self::Max(most) if *most < value || most.is_nan() => *most = value,
            Self::Count(count) => *count += 1.0,
            Self::Min(_) | Self::Max(_) | Self::Group => {}
            Self::Spread { count, mean, squares, .. } => {
                *count += 1.0;
                let delta = value - *mean;
                *mean += delta / *count;
                *squares += delta * (value - *mean);
            }
        }
    }

    pub(super) fn result(&self) -> f64 {
        match self {
            Self::Sum(sum) => sum.total(),
            Self::Avg(mean) => mean.mean(),
            Self::Min(value) | Self::Max(value) | Self::Count(value) => *value,
            Self::Group => 1.0,
            Self::Spread { count, squares, root: false, .. } => squares / count,
            Self::Spread { count, squares, root: true, .. } => (squares / count).sqrt(),
        }
    }
}
