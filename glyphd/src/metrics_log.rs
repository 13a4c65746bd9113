//! Metrics onto the disk: `metrics.om`, scrape after scrape, with the time of each.
//!
//! In: the daemon's own registry, and what other targets serve over HTTP, every interval, once at the start and once
//! at the end. Out: OpenMetrics text, the scrapes one after the other, each whole, `# EOF` at the end, as `promtool
//! tsdb create-blocks-from openmetrics` takes it. The targets wait neither for each other nor for the daemon.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use glyph_formats::jsonl::{Appender, AppenderOptions, Writer};
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{
    exposition::Format,
    scrape::{Pace, Scrape, Scrapers, Sink, Track},
    telemetry::Telemetry,
};

/// The label `job` of the daemon's own samples.
const JOB: &str = "glyphd";
/// Scrapes that wait for the disk. One can be large.
const QUEUE: usize = 64;

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct MetricsLog {
    log: Arc<Log>,
    own: Arc<Track>,
    others: Scrapers,
}

/// Whole scrapes, on their way to the disk, and who is told of them.
#[derive(Debug)]
struct Log {
    scrapes: Appender<()>,
    telemetry: Telemetry,
}

impl Log {
    fn append(&self, lines: &str) {
        // A scrape that finds no room is one that is missing, which its neighbours show.
        self.scrapes.send_lines((), lines.as_bytes()).ok();
    }
}

impl Sink for Log {
    fn take(&self, scrape: &Scrape<'_>) {
        self.append(scrape.lines);
        self.telemetry.scraped(scrape.outcome.is_err());
        // Told when a target begins to fail, and when it has recovered.
        let (job, instance) = (scrape.target.job(), scrape.target.instance());
        match (scrape.outcome, scrape.turned) {
            (Err(error), true) => Telemetry::target_down(job, instance, error),
            (Ok(_), true) => Telemetry::target_up(job, instance),
            (_, false) => {}
        }
    }
}

impl MetricsLog {
    /// Starts the thread that writes. `instance` is where the daemon's own metrics are served.
    pub(crate) fn start(
        writer: Writer,
        telemetry: Telemetry,
        instance: SocketAddr,
        others: Scrapers,
    ) -> io::Result<Self> {
        // A scrape is flushed whole, so that a file is closed between two of them.
        let write =
            |(), scrape: &[u8], writer: &mut Writer| writer.write_lines(scrape).and_then(|()| writer.flush());
        let options = AppenderOptions { capacity: QUEUE, ..AppenderOptions::default() };
        let scrapes = Appender::spawn("metrics-log", writer, options, write)?;
        let own = Track::new([("job", JOB), ("instance", &instance.to_string())]);
        Ok(Self { log: Arc::new(Log { scrapes, telemetry }), own: Arc::new(own), others })
    }

    /// Scrapes now, and then every so often until `stop`; the other targets once more then.
    pub(crate) async fn run(self, pace: Pace, stop: CancellationToken) {
        let log: Arc<dyn Sink> = Arc::clone(&self.log) as _;
        let others = self.others.run(pace, log, stop.cancelled());
        tokio::join!(others, self.scrape_own(pace.every, &stop));
    }

    async fn scrape_own(&self, every: Duration, stop: &CancellationToken) {
        // Not left to a first tick: a stop may come before it.
        self.scrape();
        let mut ticks = interval_at((Instant::now() + every).into(), every);
        // A scrape that came late is no reason to make two at once.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => self.scrape(),
            }
        }
    }

    /// Scrapes the daemon a last time, and closes the file.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.scrape();
        // If there is no room now, closing will tell why.
        self.log.append("# EOF\n");
        self.log.scrapes.close()
    }

    fn scrape(&self) {
        let (at, start) = (self.own.now(), Instant::now());
        let answer = Ok((self.log.telemetry.openmetrics(), Format::OpenMetrics));
        let (scrape, _) = self.own.scrape(at, start.elapsed(), answer);
        self.log.append(&scrape);
    }
}
