//! How often a plugin was refused lately. One that goes on being refused gains nothing and costs the others.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// More than so many ...
const LIMIT: usize = 10;
/// ... within that end the session.
const WITHIN: Duration = Duration::from_secs(1);

/// The last of them.
#[derive(Debug, Default)]
pub(super) struct Denials {
    recent: VecDeque<Instant>,
}

impl Denials {
    /// One more; whether that was too many.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        self.recent.push_back(now);
        if self.recent.len() <= LIMIT {
            return false;
        }
        self.recent.pop_front().is_some_and(|oldest| now.duration_since(oldest) <= WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_are_borne_and_the_eleventh_is_not() {
        let start = Instant::now();
        let mut denials = Denials::default();
        assert!((0..10).all(|n| !denials.count(start + Duration::from_millis(n))));
        assert!(denials.count(start + WITHIN));
        let mut slow = Denials::default();
        let every = Duration::from_millis(101);
        assert!((0..100).all(|n| !slow.count(start + every * n)));
    }
}
