//! When spans that the collector did not take are sent again: pure decisions, as OTLP has them.
//!
//! In: what became of a try, the time that has passed, a random number. Out: how long to wait, or that it is over. Sent again
//! is what was answered with 429, 502, 503 or 504, or not at all.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

/// The first wait is about this long, each further one twice the one before, up to a limit.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);
/// For so long spans are sent again; then they are lost, and the next ones have their turn.
const LIFE: Duration = Duration::from_secs(60);
/// No collector keeps us away for longer.
const AWAY: Duration = Duration::from_secs(300);

/// Why a try was in vain, where another may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setback {
    /// There was no answer.
    Unreachable,
    /// The collector can't now, and says how long to stay away, if it does.
    Busy(Option<Duration>),
}

impl Setback {
    /// Of an answer.
    pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        let again = [429, 502, 503, 504].contains(&status.as_u16());
        again.then(|| Self::Busy(retry_after(headers, now)))
    }

    /// How long the collector has asked us to stay away.
    pub(super) fn asked(self) -> Option<Duration> {
        match self {
            Self::Busy(asked) => asked,
            Self::Unreachable => None,
        }
    }
}

/// How long to wait after so many tries in vain, and so much time; none if it is over. `random` is between 0 and 1.
pub(super) fn wait(setback: Setback, tries: u32, passed: Duration, random: f64) -> Option<Duration> {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST);
    // Between a half and the whole: those who failed together do not come again together.
    let backoff = doubled.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
    let wait = setback.asked().map_or(backoff, |asked| asked.max(backoff));
    (passed + wait < LIFE).then_some(wait)
}

/// What `Retry-After` says: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(asked.min(AWAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn waits_become_longer_up_to_a_limit_until_it_is_over() {
        let waits = |random| {
            let (mut waits, mut passed) = (Vec::new(), Duration::ZERO);
            while let Some(wait) = wait(Setback::Unreachable, waits.len() as u32 + 1, passed, random) {
                waits.push(wait.as_millis());
                passed += wait;
            }
            waits
        };
        assert_eq!(waits(1.0), [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
        assert_eq!(waits(0.0)[..3], [250, 500, 1_000]);
    }

    #[test]
    fn who_asks_for_time_gets_it_if_there_is_so_much() {
        assert_eq!(wait(Setback::Busy(Some(seconds(7))), 1, Duration::ZERO, 1.0), Some(seconds(7)));
        assert_eq!(wait(Setback::Busy(Some(seconds(0))), 1, Duration::ZERO, 1.0), Some(FIRST));
        assert_eq!(wait(Setback::Busy(Some(seconds(90))), 1, Duration::ZERO, 1.0), None);
    }

    #[test]
    fn only_what_may_be_otherwise_another_time_is_tried_again() {
        let now = SystemTime::UNIX_EPOCH;
        let answered = |status: u16, after: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(after.map(|value| (RETRY_AFTER, value.parse().unwrap())));
            Setback::of_answer(StatusCode::from_u16(status).unwrap(), &headers, now)
        };
        for status in [400, 401, 404, 413, 500, 501] {
            assert_eq!(answered(status, Some("1")), None, "{status}");
        }
        for status in [429, 502, 503, 504] {
            assert_eq!(answered(status, None), Some(Setback::Busy(None)), "{status}");
        }
        assert_eq!(answered(503, Some("7")), Some(Setback::Busy(Some(seconds(7)))));
        let date = "Thu, 01 Jan 1970 00:00:09 GMT";
        assert_eq!(answered(429, Some(date)), Some(Setback::Busy(Some(seconds(9)))));
        assert_eq!(answered(429, Some("99999999999")), Some(Setback::Busy(Some(AWAY))));
        assert_eq!(answered(429, Some("soon")), Some(Setback::Busy(None)));
    }
}
