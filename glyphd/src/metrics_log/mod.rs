//! Metrics onto the disk: `metrics.om`, scrape after scrape, with the time of each.
//!
//! In: the daemon's own registry, and what other targets serve over HTTP, every interval, once at the start and once
//! at the end. Out: OpenMetrics text, the scrapes one after the other, each whole, `# EOF` at the end, as `promtool
//! tsdb create-blocks-from openmetrics` takes it. The targets wait neither for each other nor for the daemon.

mod target;
mod fetch;
mod track;
mod scraper;

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use glyph_formats::jsonl::{Appender, AppenderOptions, Writer};
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::scraper::Scraper;
pub use self::target::{ScrapeTarget, TargetError};
use self::track::Track;
use crate::{exposition::Format, telemetry::Telemetry};

/// The label `job` of the daemon's own samples.
const JOB: &str = "glyphd";
/// Scrapes that wait for the disk. One can be large.
const QUEUE: usize = 64;

/// Whole scrapes, on their way to the disk.
type Scrapes = Arc<Appender<()>>;

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct MetricsLog {
    scrapes: Scrapes,
    telemetry: Telemetry,
    own: Arc<Track>,
    others: Vec<Scraper>,
}

impl MetricsLog {
    /// Starts the thread that writes. `instance` is where the daemon's own metrics are served.
    pub(crate) fn start(
        writer: Writer,
        telemetry: Telemetry,
        instance: SocketAddr,
        others: Vec<Scraper>,
    ) -> io::Result<Self> {
        // A scrape is flushed whole, so that a file is closed between two of them.
        let write =
            |(), scrape: &[u8], writer: &mut Writer| writer.write_lines(scrape).and_then(|()| writer.flush());
        let options = AppenderOptions { capacity: QUEUE, ..AppenderOptions::default() };
        let scrapes = Arc::new(Appender::spawn("metrics-log", writer, options, write)?);
        let own = Arc::new(Track::new(JOB.to_owned(), instance.to_string()));
        Ok(Self { scrapes, telemetry, own, others })
    }

    /// Scrapes now, and then every `every` until `stop`; the other targets once more then.
    pub(crate) async fn run(self, every: Duration, stop: CancellationToken) {
        let mut others = JoinSet::new();
        for scraper in &self.others {
            let (scrapes, telemetry) = (Arc::clone(&self.scrapes), self.telemetry.clone());
            others.spawn(scraper.clone().run(scrapes, telemetry, every, stop.clone()));
        }
        // Not left to a first tick: a stop may come before it.
        self.scrape();
        let mut ticks = ticks(Instant::now() + every, every);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => self.scrape(),
            }
        }
        while others.join_next().await.is_some() {}
    }

    /// Scrapes the daemon a last time, and closes the file.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.scrape();
        // If there is no room now, closing will tell why.
        self.scrapes.send_lines((), b"# EOF\n").ok();
        self.scrapes.close()
    }

    fn scrape(&self) {
        let (at, start) = (self.own.now(), Instant::now());
        let answer = Ok((self.telemetry.openmetrics(), Format::OpenMetrics));
        let (scrape, _) = self.own.scrape(at, start.elapsed(), answer);
        // A scrape that finds no room is one that is missing, which its neighbours show.
        self.scrapes.send_lines((), scrape.as_bytes()).ok();
    }
}

/// When to scrape.
fn ticks(first: Instant, every: Duration) -> Interval {
    let mut ticks = interval_at(first.into(), every);
    // A scrape that came late is no reason to make two at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
