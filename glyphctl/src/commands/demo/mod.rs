//! `glyphctl demo`: the whole story once, on bundled traffic, in one process and on loopback.
//!
//! [`origin`] answers, [`clients`] ask it for [`requests`] through a daemon that records everything and shows it to
//! two plugins, or three ([`plugin`]); [`story`] tells what came of it, with the same code as the other commands; [`open`]
//! shows it.

mod origin;
mod requests;
mod clients;
mod plugin;
mod story;
mod open;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use glyphd::{Config, Daemon, app::Summary, plugin::State};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use plugin::run_if_asked;

use self::{clients::Answers, origin::Origin};
use crate::{
    output::{failure::HintExt, note, progress},
    telemetry,
};

/// How long the plugins may take to connect.
const PLUGIN_START: Duration = Duration::from_secs(20);
/// Between two scrapes: a few hundred milliseconds stand for a minute.
const SCRAPES: Duration = Duration::from_millis(100);

/// Flags of `glyphctl demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  glyphctl demo
  glyphctl demo --out demo --open")]
pub(crate) struct DemoArgs {
    /// Where to put the recording and the Chrome trace; must not exist yet [default: a new temporary directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Open the Chrome trace in Perfetto, in the browser
    #[arg(long)]
    open: bool,
}

/// What there is to tell of.
struct Recorded {
    dir: PathBuf,
    answers: Answers,
    took: Duration,
    summary: Summary,
}

/// Runs it.
pub(crate) fn run(flags: &DemoArgs) -> anyhow::Result<ExitCode> {
    // Failures are part of the story; only what the story does not expect is worth a log line.
    telemetry::log("error")?;
    let dir = directory(flags.out.as_deref())?;
    note(format_args!("the demo's files are in {}", dir.display()));
    let runtime = tokio::runtime::Runtime::new()?;
    let recorded = runtime.block_on(record(dir))?;
    let chrome = story::tell(&recorded)?;
    if flags.open {
        runtime.block_on(open::in_perfetto(&chrome))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn directory(wanted: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(dir) = wanted else {
        return Ok(tempfile::Builder::new().prefix("glyph-demo-").tempdir()?.keep());
    };
    fs::create_dir(dir).with_context(|| format!("--out {}", dir.display())).map_err(|e| {
        match e.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::AlreadyExists) => e.hint("the demo writes over nothing; choose a new directory"),
            Some(ErrorKind::NotFound) => e.hint("the folder in which it is to stand does not exist"),
            _ => e,
        }
    })?;
    Ok(fs::canonicalize(dir)?)
}

/// Starts everything, sends the requests, and stops everything in order.
async fn record(dir: PathBuf) -> anyhow::Result<Recorded> {
    let origin = Origin::start().await?;
    let plugins = dir.join("plugins");
    if !plugin::install(&plugins)? {
        note(format_args!(
            "without the plugin {}, which needs python3 and two packages (python3 -m pip install grpcio protobuf)",
            plugin::SECRET_SCAN
        ));
    }
    let mut config = Config::on_free_ports();
    config.policy = plugin::policy(origin.address.ip());
    config.record = Some(dir.join(story::RECORDING));
    config.plugins_dir = Some(plugins);
    config.record_metrics_interval = SCRAPES;
    let daemon = Daemon::start(config).await?;
    let settled = tokio::time::timeout(PLUGIN_START, daemon.plugins_settled()).await;
    let connected = settled.is_ok_and(|states| states.values().all(|state| *state == State::Connected));

    let driven = if connected {
        let requests = requests::bundled(&origin)?;
        let progress = bar(requests.len());
        let start = Instant::now();
        let answers = clients::drive(daemon.addresses().proxy, requests, &progress).await;
        progress.finish_and_clear();
        Some((answers, start.elapsed()))
    } else {
        None
    };
    let summary = daemon.drain().await?;
    let Some((answers, took)) = driven else {
        bail!("the plugins did not connect; with GLYPH_LOG=info the daemon says why");
    };
    Ok(Recorded { dir, answers: answers?, took, summary })
}

fn bar(requests: usize) -> ProgressBar {
    let target =
        if progress::is_seen() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(requests as u64), target);
    if let Ok(style) = ProgressStyle::with_template("requests {wide_bar} {pos} of {len}") {
        bar.set_style(style);
    }
    bar
}
