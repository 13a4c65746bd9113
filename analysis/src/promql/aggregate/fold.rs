//! One number of many, added one by one.

use super::super::window::{Mean, Sum};

/// What is known of the values so far.
pub(super) trait Fold: Sized {
    fn first(value: f64) -> Self;
    fn add(&mut self, value: f64);
    fn result(&self) -> f64;
}

impl Fold for Sum {
    fn first(value: f64) -> Self {
        Self::of(value)
    }

    fn add(&mut self, value: f64) {
        *self = self.plus(value);
    }

    fn result(&self) -> f64 {
        self.total()
    }
}

/// `avg`
impl Fold for Mean {
    fn first(value: f64) -> Self {
        Self::of(value)
    }

    fn add(&mut self, value: f64) {
        self.add(value);
    }

    fn result(&self) -> f64 {
        self.mean()
    }
}

/// `min`; anything is less than NaN.
pub(super) struct Min(f64);

impl Fold for Min {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if self.0 > value || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn result(&self) -> f64 {
        self.0
    }
}

/// `max`; anything is greater than NaN.
pub(super) struct Max(f64);

impl Fold for Max {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if self.0 < value || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn result(&self) -> f64 {
        self.0
    }
}

/// `count`
pub(super) struct Count(f64);

impl Fold for Count {
    fn first(_: f64) -> Self {
        Self(1.0)
    }

    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn result(&self) -> f64 {
        self.0
    }
}

/// `group`
pub(super) struct One;

impl Fold for One {
    fn first(_: f64) -> Self {
        Self
    }

    fn add(&mut self, _: f64) {}

    fn result(&self) -> f64 {
        1.0
    }
}

/// `stdvar`, by Welford's method.
pub(super) struct Variance {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Fold for Variance {
    fn first(value: f64) -> Self {
        Self { count: 1.0, mean: value, squares: if value.is_finite() { 0.0 } else { f64::NAN } }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn result(&self) -> f64 {
        self.squares / self.count
    }
}

/// `stddev`
pub(super) struct Deviation(Variance);

impl Fold for Deviation {
    fn first(value: f64) -> Self {
        Self(Variance::first(value))
    }

    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn result(&self) -> f64 {
        self.0.result().sqrt()
    }
}
