//! How durations are spread, in few numbers.

/// How many durations there are from each power of two of nanoseconds to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Powers([u64; 64]);

impl Default for Powers {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Powers {
    /// Counts them.
    pub fn of(durations: &[u64]) -> Self {
        let mut powers = Self::default();
        for duration in durations {
            powers.0[duration.max(&1).ilog2() as usize] += 1;
        }
        powers
    }

    /// By the power; those that last no time count with those that last a nanosecond.
    pub fn counts(&self) -> &[u64; 64] {
        &self.0
    }
}
