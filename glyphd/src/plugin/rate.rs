//! A bound on how often something may happen: on average so many times a second, and some seconds' worth at once.

use std::time::Instant;

/// So many seconds' worth may come at once.
const BURST: f64 = 5.0;

/// A bucket of tokens that fills as time goes by.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Rate {
    /// Full.
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, tokens: per_second * BURST, at: now }
    }

    /// Whether it may happen once more.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + since * self.per_second).min(self.per_second * BURST);
        let may = self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_comes_at_once_is_bounded_and_so_is_the_average() {
        let start = Instant::now();
        let mut rate = Rate::new(10, start);
        let taken = |rate: &mut Rate, at| (0..1_000).filter(|_| rate.take(at)).count();
        assert_eq!(taken(&mut rate, start), 50);
        assert_eq!(taken(&mut rate, start + Duration::from_millis(550)), 5);
        assert_eq!(taken(&mut rate, start + Duration::from_secs(3_600)), 50);
        assert_eq!(taken(&mut Rate::new(0, start), start), 0);
    }
}
