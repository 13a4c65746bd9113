//! When each request is due, and waiting for that.
//!
//! The runtime's timers are grained to milliseconds, so a thread of its own keeps time: it sleeps until shortly before, on
//! the system's fine clock, and looks at the clock from then on.

use std::{
    fmt,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

/// How early it wakes: what the system takes to wake a thread.
const EARLY: Duration = Duration::from_micros(30);
/// How long it sleeps at most, before it looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// How fast requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// As they were, so many times as fast.
    Recorded(f64),
    /// So many a second.
    Rate(f64),
    /// As fast as they are answered.
    Max,
}

/// How many times as fast as recorded: a number, or `max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speed(pub(super) Pace);

impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self(Pace::Max));
        }
        let times = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
        let times = times.ok().filter(|times| times.is_finite() && *times > 0.0);
        Ok(Self(Pace::Recorded(times.ok_or("expected 1, 2, 0.5, … or max")?)))
    }
}

/// So many requests a second.
pub(super) fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or("expected a number of requests a second")
}

impl Pace {
    /// How long after the beginning the n-th request is due, which was recorded so many nanoseconds after the first.
    pub(super) fn due(self, n: u64, after: u64) -> Option<Duration> {
        let seconds = match self {
            Self::Recorded(1.0) => return Some(Duration::from_nanos(after)),
            Self::Recorded(times) => after as f64 / 1e9 / times,
            Self::Rate(rate) => n as f64 / rate,
            Self::Max => return None,
        };
        // What is further away than that is never.
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(times) if *times == 1.0 => f.write_str("as recorded"),
            Self::Recorded(times) => write!(f, "{times} times as fast as recorded"),
            Self::Rate(rate) => write!(f, "{rate} requests a second"),
            Self::Max => f.write_str("as fast as they are answered"),
        }
    }
}

/// Waits for an instant; false if that is not wanted any more.
pub(super) fn wait_until(due: Instant, is_wanted: impl Fn() -> bool) -> bool {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left <= EARLY {
            break;
        }
        if !is_wanted() {
            return false;
        }
        thread::park_timeout((left - EARLY).min(LOOK));
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_numbers_or_max() {
        for (text, pace) in [
            ("1", Pace::Recorded(1.0)),
            ("10x", Pace::Recorded(10.0)),
            ("0.5", Pace::Recorded(0.5)),
            ("max", Pace::Max),
        ] {
            assert_eq!(text.parse(), Ok(Speed(pace)), "{text}");
        }
        for text in ["", "0", "-1", "inf", "NaN", "fast"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }

    #[test]
    fn requests_are_due_as_they_were_or_evenly() {
        let seconds = Duration::from_secs;
        assert_eq!(Pace::Recorded(1.0).due(7, 3_000_000_001), Some(Duration::from_nanos(3_000_000_001)));
        assert_eq!(Pace::Recorded(2.0).due(7, 4_000_000_000), Some(seconds(2)));
        assert_eq!(Pace::Rate(10.0).due(20, 4), Some(seconds(2)));
        assert_eq!(Pace::Recorded(1e-300).due(1, u64::MAX), Some(Duration::MAX));
        assert_eq!(Pace::Max.due(7, 4), None);
    }

    #[test]
    fn waiting_ends_at_the_instant_and_not_before() {
        let due = Instant::now() + Duration::from_millis(3);
        assert!(wait_until(due, || true));
        assert!(Instant::now() >= due);
        assert!(!wait_until(due + Duration::from_secs(3_600), || false));
    }
}
