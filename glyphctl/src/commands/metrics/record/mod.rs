//! `glyphctl metrics record`: what programs serve as metrics, scraped into a file, with no server.
//!
//! The scraping is the daemon's. [`tally`] takes the scrapes: it writes them, counts, and tells who can't be scraped.

mod tally;

use std::{
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::{promql::duration, text::counted};
use glyph_formats::metrics_file::{Existing, MetricsFile};
use glyphd::{
    cli::{ScrapeArgs, ScrapeFlagError},
    config::TargetError,
    scrape::{Pace, Scrapers},
};
use rustix::process::Signal;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::Notify,
    time::{Instant, sleep_until},
};

use self::tally::Tally;
use super::time;
use crate::{
    commands::record::signals::Signals,
    output::{failure::HintExt, note, progress::Line},
    telemetry,
};

/// Flags of `glyphctl metrics record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each target is scraped at once, every --interval, and once more at the end (--for, Ctrl-C or SIGTERM; a second one \
does not wait for that). A URL without a scheme is http://, one without a path /metrics. OpenMetrics and Prometheus' \
text are taken, exemplars are kept.

A target that fails is recorded as up 0, and its series end there, as in Prometheus; it is said once when a target \
begins to fail, and scraping goes on. Samples have the target's labels: job (default: app), instance (host and port), \
those that stand behind its URL, and those of --scrape-label; a sample's own label of such a name becomes exported_….

The file is OpenMetrics with a time on every sample: `glyphctl metrics query --data` and `alerts check --data` read it, \
also while it is being written and after a kill. `promtool tsdb create-blocks-from openmetrics` takes it (a .zst after \
`zstd -d`), too, when it has its end. Several files are read together: --data a.om b.om.

Exit codes: 0 recorded, 2 no target could be scraped even once, or the file could not be written.

Examples:
  glyphctl metrics record localhost:8000 -o run.om
  glyphctl metrics record api=http://localhost:8000/metrics db=localhost:9187,env=ci --interval 1s --for 10m -o run.om.zst
  glyphctl metrics record https://10.1.2.3:9100 --scrape-ca ca.pem --scrape-token @token -o node.om
  glyphctl metrics query --data run.om 'sum by (job) (rate(http_requests_total[1m]))' --format plot
  glyphctl alerts check --rules alerts.yaml --data run.om.zst")]
pub(super) struct RecordArgs {
    /// What to scrape, under the label job="JOB" and further labels [default JOB: app, default path: /metrics]
    #[arg(required = true, value_name = "[JOB=]URL[,LABEL=VALUE]")]
    targets: Vec<String>,
    /// Where to record it; Zstandard if the name ends with .zst
    #[arg(short, long, alias = "out", value_name = "FILE")]
    output: PathBuf,
    /// Write over FILE if it is there
    #[arg(long)]
    overwrite: bool,
    /// How often to scrape: 5s, 100ms, 1m
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = interval)]
    interval: Duration,
    /// How long to record [default: until interrupted]
    #[arg(long = "for", value_name = "DURATION", value_parser = length)]
    length: Option<Duration>,
    #[command(flatten)]
    scraping: ScrapeArgs,
}

/// How often something is scraped: not so often that it could do nothing else.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    match time::span(text)? {
        ms @ 100..=3_600_000 => Ok(Duration::from_millis(ms.unsigned_abs())),
        _ => Err("expected 100ms to 1h".to_owned()),
    }
}

fn length(text: &str) -> Result<Duration, String> {
    time::span(text).map(|ms| Duration::from_millis(ms.unsigned_abs()))
}

/// Runs it.
pub(super) fn run(flags: RecordArgs) -> anyhow::Result<ExitCode> {
    telemetry::log("warn")?;
    let pace = flags.scraping.pace(flags.interval).map_err(flag_hinted)?;
    let targets = flags.scraping.targets(&flags.targets).map_err(flag_hinted)?;
    let scrapers = Scrapers::new(&targets).map_err(target_hinted)?;
    let file = create(&flags.output, flags.overwrite)?;
    let until = match flags.length {
        Some(length) => format!("for {}", duration::format(length.as_millis() as i64)),
        None => "until interrupted".to_owned(),
    };
    let every = duration::format(pace.every.as_millis() as i64);
    let out = flags.output.display();
    note(format_args!(
        "recording {} into {out} every {every}, {until}",
        counted(targets.len() as u64, "target")
    ));
    let tally = Arc::new(Tally::new(file, &targets, Line::start()));
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let recorded = runtime.block_on(record(&scrapers, pace, flags.length, &tally));
    // A target that is still being waited for has nothing more to say.
    runtime.shutdown_background();
    recorded.and_then(|()| tally.close(&flags.output))
}

/// Scrapes until it has been long enough, somebody wants an end, or the file takes no more.
async fn record(
    scrapers: &Scrapers,
    pace: Pace,
    length: Option<Duration>,
    tally: &Arc<Tally>,
) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    // A file that may not grow further is one that can't be written, and no reason to die.
    let _file_size_limit = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
    let end = length.and_then(|length| Instant::now().checked_add(length));
    let due = async {
        match end {
            Some(end) => sleep_until(end).await,
            None => std::future::pending().await,
        }
    };
    let stop = Notify::new();
    let mut scraping = pin!(scrapers.run(pace, Arc::clone(tally) as _, stop.notified()));
    tokio::select! {
        () = &mut scraping => {}
        () = due => {}
        () = tally.show(end) => {}
        () = tally.broken() => return Ok(()),
        _ = signals.next() => {}
    }
    stop.notify_one();
    tokio::select! {
        () = scraping => {}
        () = tally.broken() => {}
        _ = signals.next() => {}
    }
    Ok(())
}

fn create(path: &Path, overwrite: bool) -> anyhow::Result<MetricsFile> {
    let existing = if overwrite { Existing::Overwritten } else { Existing::Refused };
    let unfit = [".gz", ".bz2", ".xz"].iter().find(|ending| path.to_string_lossy().ends_with(**ending));
    if let Some(ending) = unfit {
        return Err(
            anyhow!("-o {}: {ending} is not written", path.display()).hint("name it .zst, or without")
        );
    }
    MetricsFile::create(path, existing).map_err(|error| {
        use std::io::ErrorKind::{AlreadyExists, IsADirectory, NotFound};
        let hint = match error.kind() {
            AlreadyExists => Some("--overwrite writes over it"),
            IsADirectory => Some("name a file, for example run.om or run.om.zst in it"),
            NotFound => Some("make the folder first, for example with mkdir -p"),
            _ => None,
        };
        let flag = format!("-o {}", path.display());
        match error.kind() {
            AlreadyExists => anyhow!("{flag}: exists already"),
            _ => anyhow::Error::new(error).context(flag),
        }
        .maybe_hint(hint)
    })
}

pub(crate) fn flag_hinted(error: ScrapeFlagError) -> anyhow::Error {
    let hint = error.hint();
    anyhow::Error::new(error).maybe_hint(hint)
}

fn target_hinted(error: TargetError) -> anyhow::Error {
    let hint = error.hint();
    anyhow::Error::new(error).maybe_hint(hint)
}
