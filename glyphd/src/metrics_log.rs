//! The daemon's own metrics onto the disk: `metrics.om`, scrape after scrape, with the time of each.
//!
//! In: the registry, every interval, once at the start and once at the end. Out: OpenMetrics text, `# EOF` at the
//! end, as `promtool tsdb create-blocks-from openmetrics` takes it.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glyph_formats::jsonl::{Appender, AppenderOptions, Writer};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::telemetry::{Telemetry, metrics::exposition};

/// The label `job` of the daemon's own samples.
const JOB: &str = "glyphd";

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct MetricsLog {
    appender: Arc<Appender<String>>,
    telemetry: Telemetry,
    instance: String,
}

impl MetricsLog {
    /// Starts the thread that writes. `instance` is where the metrics are served.
    pub(crate) fn start(writer: Writer, telemetry: Telemetry, instance: SocketAddr) -> io::Result<Self> {
        let path = writer.path().to_owned();
        // A scrape is flushed whole, so that a file is closed between two of them.
        let write =
            |scrape: String, writer: &mut Writer| writer.write_lines(&scrape).and_then(|()| writer.flush());
        let fault = move |error: &io::Error| Telemetry::file_failed(&path, error);
        let appender = Appender::spawn("metrics-log", writer, AppenderOptions::default(), write, fault)?;
        Ok(Self { appender: Arc::new(appender), telemetry, instance: instance.to_string() })
    }

    /// Scrapes now, and then every `every` until `stop`.
    pub(crate) async fn run(self, every: Duration, stop: CancellationToken) {
        // Not left to a first tick: a stop may come before it.
        self.scrape();
        let mut ticks = interval_at(Instant::now() + every, every);
        // A scrape that came late is no reason to make two at once.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => self.scrape(),
            }
        }
    }

    /// Scrapes a last time, and closes the file.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.scrape();
        // If there is no room now, closing will tell why.
        self.appender.send("# EOF\n".to_owned()).ok();
        self.appender.close()
    }

    fn scrape(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let scrape = exposition::stamped(&self.telemetry.openmetrics(), JOB, &self.instance, now);
        // A scrape that finds no room is one that is missing, which its neighbours show.
        self.appender.send(scrape).ok();
    }
}
