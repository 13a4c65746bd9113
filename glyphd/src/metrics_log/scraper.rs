//! One target other than the daemon, scraped until the daemon stops and once more then.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::{
    Scrapes,
    fetch::{Fetcher, ScrapeError},
    target::{ScrapeTarget, TargetError},
    ticks,
    track::Track,
};
use crate::{exposition::Format, telemetry::Telemetry};

/// How long a target may take, whatever the interval.
const LONGEST: Duration = Duration::from_secs(10);
/// How long it may take when the daemon stops.
const LAST: Duration = Duration::from_secs(2);

/// A target, ready to be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Scraper {
    track: Arc<Track>,
    fetcher: Fetcher,
}

impl Scraper {
    /// One for each target.
    pub(crate) fn all(targets: &[ScrapeTarget]) -> Result<Vec<Self>, TargetError> {
        let mut labels = BTreeSet::new();
        let new = |target: &ScrapeTarget| {
            if !labels.insert((target.job().to_owned(), target.instance().to_owned())) {
                return Err(TargetError::Twice(target.to_string()));
            }
            let track = Track::new(target.job().to_owned(), target.instance().to_owned());
            Ok(Self { track: Arc::new(track), fetcher: Fetcher::new(target)? })
        };
        targets.iter().map(new).collect()
    }

    /// Scrapes now, every `every`, and when `stop` comes a last time.
    pub(super) async fn run(
        self,
        scrapes: Scrapes,
        telemetry: Telemetry,
        every: Duration,
        stop: CancellationToken,
    ) {
        let mut ticks = ticks(Instant::now(), every);
        let mut up = true;
        let mut ended = |outcome: Result<(), ScrapeError>| {
            telemetry.scraped(outcome.is_err());
            self.tell(&mut up, outcome);
        };
        let begin = || (self.track.now(), Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let (at, start) = begin();
            let answer = stop.run_until_cancelled(self.fetcher.fetch(every.min(LONGEST))).await;
            // One that is under way when the daemon stops gives way to the last.
            let Some(answer) = answer else { break };
            ended(self.write(&scrapes, at, start.elapsed(), answer).await);
        }
        let (at, start) = begin();
        let answer = self.fetcher.fetch(LAST).await;
        ended(self.write(&scrapes, at, start.elapsed(), answer).await);
    }

    /// Puts a scrape into the file, away from the runtime: an answer can be large, and the disk slow.
    async fn write(
        &self,
        scrapes: &Scrapes,
        at_ms: u64,
        took: Duration,
        answer: Result<(String, Format), ScrapeError>,
    ) -> Result<(), ScrapeError> {
        let (track, scrapes) = (Arc::clone(&self.track), Arc::clone(scrapes));
        let written = spawn_blocking(move || {
            let (scrape, outcome) = track.scrape(at_ms, took, answer);
            // A scrape that finds no room is one that is missing, which its neighbours show.
            scrapes.send_lines((), scrape.as_bytes()).ok();
            outcome
        });
        // It does not panic, and the runtime is there.
        written.await.unwrap_or(Ok(()))
    }

    /// Says so when a target begins to fail, and when it has recovered.
    fn tell(&self, up: &mut bool, outcome: Result<(), ScrapeError>) {
        let (job, instance) = (&self.track.job, &self.track.instance);
        match (std::mem::replace(up, outcome.is_ok()), outcome) {
            (true, Err(error)) => Telemetry::target_down(job, instance, &error),
            (false, Ok(())) => Telemetry::target_up(job, instance),
            _ => {}
        }
    }
}
