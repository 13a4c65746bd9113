//! One target's part in the file: its labels, and times that never come twice.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::fetch::ScrapeError;
use crate::exposition::{Format, Stamp};

#[derive(Debug)]
pub(super) struct Track {
    pub(super) job: String,
    pub(super) instance: String,
    last_ms: AtomicU64,
}

impl Track {
    pub(super) fn new(job: String, instance: String) -> Self {
        Self { job, instance, last_ms: AtomicU64::new(0) }
    }

    /// The present, in milliseconds, and later than at any call before: a series has one sample a time.
    pub(super) fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let later = |last: u64| Some(now.max(last.saturating_add(1)));
        self.last_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later)
            .map_or(now, |last| now.max(last + 1))
    }

    /// The lines of the scrape at that time, and whether it was a good one. There are lines of one that failed, too.
    pub(super) fn scrape(
        &self,
        at_ms: u64,
        took: Duration,
        answer: Result<(String, Format), ScrapeError>,
    ) -> (String, Result<(), ScrapeError>) {
        let stamp = Stamp::new(&self.job, &self.instance, at_ms);
        let stamped = answer.and_then(|(text, format)| Ok(stamp.samples(&text, format)?));
        let (mut lines, samples, outcome) = match stamped {
            Ok(stamped) => (stamped.text, stamped.samples, Ok(())),
            Err(error) => (String::new(), 0, Err(error)),
        };
        lines.push_str(&stamp.report(outcome.is_ok(), took, samples));
        (lines, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_scrapes_of_a_target_have_the_same_time() {
        let track = Track::new("a".into(), "b".into());
        let times: Vec<_> = (0..1_000).map(|_| track.now()).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }
}
