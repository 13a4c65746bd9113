//! Whether a request is sent again, and when: pure decisions.
//!
//! In: what became of an attempt, the time that is left, a random number. Out: how long to wait, or that it is over.
//! A request is sent again only if the server may do twice what it asks for, and if it said that it could not now (429,
//! 502, 503, 504) or there was no answer at all for want of a connection.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode, header::RETRY_AFTER};

/// The first wait is about this long, each further one twice the one before, up to a limit.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// What became of an attempt that may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setback {
    /// That answer, and how long it says to wait.
    Answered(StatusCode, Option<Duration>),
    /// There was no connection, or it ended before there was an answer.
    NoConnection,
}

impl Setback {
    /// Of an answer.
    pub(crate) fn of_answer(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        let again = [429, 502, 503, 504].contains(&status.as_u16());
        again.then(|| Self::Answered(status, retry_after(headers, now)))
    }

    /// The answer's status, 0 for none.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Answered(status, _) => status.as_u16(),
            Self::NoConnection => 0,
        }
    }
}

/// Whether a server may be asked twice, as RFC 9110 has it.
pub(crate) fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE].contains(method)
}

/// How long to wait before the next attempt, after `attempts` of at most `most`; none if there is to be no other. `random`
/// is between 0 and 1, `left` the time until the deadline.
pub(crate) fn wait(
    setback: Setback,
    attempts: u32,
    most: u32,
    left: Duration,
    random: f64,
) -> Option<Duration> {
    if attempts >= most {
        return None;
    }
    let doubled = FIRST.saturating_mul(2u32.saturating_pow(attempts.saturating_sub(1))).min(LONGEST);
    // Between a half and the whole: those who failed together do not come again together.
    let backoff = doubled.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
    let asked = match setback {
        Setback::Answered(_, Some(asked)) => asked,
        _ => Duration::ZERO,
    };
    // Whoever is asked to wait longer than there is time has the answer now.
    Some(backoff.max(asked)).filter(|wait| *wait < left)
}

/// What `Retry-After` says: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn answered(status: u16, retry_after: Option<&str>) -> Option<Setback> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
        }
        Setback::of_answer(StatusCode::from_u16(status).unwrap(), &headers, now)
    }

    #[test]
    fn what_the_server_could_not_do_now_is_done_again() {
        for status in [429, 502, 503, 504] {
            assert!(answered(status, None).is_some());
        }
        for status in [200, 301, 400, 408, 425, 500, 501, 505] {
            assert_eq!(answered(status, Some("1")), None);
        }
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            assert!(is_idempotent(&method.parse().unwrap()));
        }
        for method in ["POST", "PATCH", "get", "PURGE"] {
            assert!(!is_idempotent(&method.parse().unwrap()));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun Nov  6 08:49:47 1994", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("+1", None),
            ("", None),
            ("soon", None),
        ] {
            let Some(Setback::Answered(_, asked)) = answered(503, Some(value)) else { panic!() };
            assert_eq!(asked, seconds.map(Duration::from_secs), "{value:?}");
        }
        let endless = answered(503, Some("99999999999999999999")).unwrap();
        assert_eq!(wait(endless, 1, 3, MINUTE, 0.0), None);
    }

    #[test]
    fn waits_double_and_are_not_all_alike() {
        let waits = |random| {
            let wait = |n| wait(Setback::NoConnection, n, 9, MINUTE, random).unwrap().as_millis();
            (1..9).map(wait).collect::<Vec<_>>()
        };
        assert_eq!(waits(1.0), [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!(waits(0.0), [125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(wait(Setback::NoConnection, 9, 9, MINUTE, 0.0), None, "that was the last");
        assert_eq!(wait(Setback::NoConnection, u32::MAX - 1, u32::MAX, MINUTE, 1.0), Some(LONGEST));
    }

    #[test]
    fn nobody_waits_longer_than_there_is_time() {
        let asked = answered(429, Some("5")).unwrap();
        assert_eq!(wait(asked, 1, 3, Duration::from_secs(6), 1.0), Some(Duration::from_secs(5)));
        assert_eq!(wait(asked, 1, 3, Duration::from_secs(5), 1.0), None);
        assert_eq!(wait(Setback::NoConnection, 1, 3, Duration::from_millis(250), 1.0), None);
    }
}
