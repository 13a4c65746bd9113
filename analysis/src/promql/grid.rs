//! The times at which an expression is evaluated.

/// A time, and from there every `step`, `count` times; in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) start: i64,
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Grid {
    /// One time.
    pub(super) fn instant(time: i64) -> Self {
        Self { start: time, step: 1, count: 1 }
    }

    /// From `start` every `step`, up to `end`; no time at all if that is earlier.
    pub(super) fn range(start: i64, end: i64, step: i64) -> Self {
        let steps = (i128::from(end) - i128::from(start)).div_euclid(i128::from(step)) + 1;
        Self { start, step, count: usize::try_from(steps.max(0)).unwrap_or(usize::MAX) }
    }

    /// Its first time alone.
    pub(super) fn first(self) -> Self {
        Self::instant(self.start)
    }

    /// The time of a step.
    pub(super) fn time(self, step: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(step as i64))
    }

    /// The time of the last step.
    pub(super) fn last(self) -> i64 {
        self.time(self.count.saturating_sub(1))
    }

    /// All times.
    pub(super) fn times(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |step| self.time(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_at_or_before_its_end() {
        let table = [(0, 30, 15, 3), (0, 29, 15, 2), (10, 10, 1, 1), (10, 9, 1, 0), (-20, 0, 10, 3)];
        for (start, end, step, count) in table {
            assert_eq!(Grid::range(start, end, step).count, count, "{start} {end} {step}");
        }
        assert_eq!(Grid::range(-20, 0, 10).times().collect::<Vec<_>>(), [-20, -10, 0]);
        assert_eq!(Grid::range(i64::MIN, i64::MAX, 1).count, usize::MAX);
    }
}
