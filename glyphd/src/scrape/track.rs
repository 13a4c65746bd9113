//! One target's part in a recording: its labels, its series, and times that never come twice.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::fetch::ScrapeError;
use crate::exposition::{Format, Stamp};

/// What a target is in the recording.
#[derive(Debug)]
pub(crate) struct Track {
    stamp: Mutex<Stamp>,
    last_ms: AtomicU64,
}

/// What a target gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given {
    /// So many samples.
    pub samples: usize,
    /// Of so many series.
    pub series: usize,
}

impl Track {
    pub(crate) fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { stamp: Mutex::new(Stamp::new(labels)), last_ms: AtomicU64::new(0) }
    }

    /// The present, in milliseconds, and later than at any call before: a series has one sample a time.
    pub(crate) fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let later = |last: u64| Some(now.max(last.saturating_add(1)));
        self.last_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later)
            .map_or(now, |last| now.max(last + 1))
    }

    /// The lines of the scrape at that time, and what came of it. There are lines of one that failed, too.
    pub(crate) fn scrape(
        &self,
        at_ms: u64,
        took: Duration,
        answer: Result<(String, Format), ScrapeError>,
    ) -> (String, Result<Given, ScrapeError>) {
        let mut stamp = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        let stamped = answer.and_then(|(text, format)| Ok(stamp.samples(&text, format, at_ms)?));
        let (mut lines, outcome) = match stamped {
            Ok(stamped) => (stamped.text, Ok(Given { samples: stamped.samples, series: stamped.series })),
            Err(error) => (String::new(), Err(error)),
        };
        let samples = outcome.as_ref().map_or(0, |given| given.samples);
        lines.push_str(&stamp.report(outcome.is_ok(), took, samples, at_ms));
        (lines, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_scrapes_of_a_target_have_the_same_time() {
        let track = Track::new([("job", "a"), ("instance", "b")]);
        let times: Vec<_> = (0..1_000).map(|_| track.now()).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }
}
