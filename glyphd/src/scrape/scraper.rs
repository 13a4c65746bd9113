//! One target, scraped until there is to be an end and once more then.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::spawn_blocking, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    Pace, Scrape, Sink,
    fetch::{Fetched, Fetcher, ScrapeError},
    target::{ScrapeTarget, TargetError},
    track::Track,
};

/// How long a target may take in the end, at most.
const LAST: Duration = Duration::from_secs(2);

/// A target, ready to be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Scraper {
    target: Arc<ScrapeTarget>,
    track: Arc<Track>,
    fetcher: Fetcher,
}

impl Scraper {
    pub(super) fn new(target: &ScrapeTarget) -> Result<Self, TargetError> {
        let track = Track::new(target.labels());
        Ok(Self { target: Arc::new(target.clone()), track: Arc::new(track), fetcher: Fetcher::new(target)? })
    }

    /// Scrapes now, at that pace, and when `stop` comes a last time.
    pub(super) async fn run(self, sink: Arc<dyn Sink>, pace: Pace, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(pace.every);
        // A scrape that came late is no reason to make two at once.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut up, mut scraped) = (true, false);
        let begin = || (self.track.now(), Instant::now());
        loop {
            tokio::select! {
                // Where both have come, the last scrape is the one that is due.
                biased;
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let (at, start) = begin();
            let answer = stop.run_until_cancelled(self.fetcher.fetch(pace.timeout)).await;
            // One that is under way at the end gives way to the last.
            let Some(answer) = answer else { break };
            up = self.hand_over(&sink, at, start.elapsed(), answer, up).await;
            scraped = true;
        }
        let (at, start) = begin();
        let answer = self.fetcher.fetch(LAST.min(pace.timeout)).await;
        // That it did not hurry says nothing of a target that was given longer before.
        if scraped && LAST < pace.timeout && matches!(answer, Err(ScrapeError::TimedOut(_))) {
            return;
        }
        self.hand_over(&sink, at, start.elapsed(), answer, up).await;
    }

    /// Hands a scrape over, away from the runtime: an answer can be large, and the disk slow. Tells whether it was a good
    /// one.
    async fn hand_over(
        &self,
        sink: &Arc<dyn Sink>,
        at_ms: u64,
        took: Duration,
        answer: Result<Fetched, ScrapeError>,
        was_up: bool,
    ) -> bool {
        let (target, track, sink) = (Arc::clone(&self.target), Arc::clone(&self.track), Arc::clone(sink));
        let handed = spawn_blocking(move || {
            let (lines, outcome) = track.scrape(at_ms, took, answer.and_then(Fetched::text));
            let up = outcome.is_ok();
            let outcome = outcome.as_ref().copied();
            sink.take(&Scrape { target: &target, lines: &lines, outcome, turned: up != was_up });
            up
        });
        // It does not panic, and the runtime is there.
        handed.await.unwrap_or(was_up)
    }
}
