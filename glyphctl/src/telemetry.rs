//! glyphctl's own spans, with the same flags, files and exporters as the daemon's; and the log of the daemon's parts that
//! work in this process.

use std::{env, path::Path, time::Duration};

use anyhow::{Context, anyhow};
use glyph_formats::jsonl::{Rotation, Writer, WriterOptions};
use glyphd::{cli::TraceArgs, telemetry::Telemetry};
use tokio::runtime;

use crate::output::{failure::HintExt, manner, warn};

/// How long the collector has, in the end, to take the last spans.
const EXPORT: Duration = Duration::from_secs(5);

/// Does `work`, and hands out the spans that it made, if the flags say where to.
pub(crate) fn traced<T>(flags: TraceArgs, work: impl FnOnce(&Telemetry) -> T) -> anyhow::Result<T> {
    let (config, warnings) = flags.into_config("glyphctl")?;
    warnings.iter().for_each(warn);
    let file = config.file.as_deref().filter(|_| config.sample_ratio > 0.0).map(open).transpose()?;
    if config.endpoint.is_some() {
        // What becomes of spans is told there.
        log("warn")?;
    }
    // The work blocks this thread; the exporters have one of their own.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _inside = runtime.enter();
    let (telemetry, exporters) = Telemetry::start(&config, file)?;
    let done = work(&telemetry);
    let spans = runtime.block_on(exporters.shutdown(EXPORT));
    if spans.dropped > 0 {
        warn(format_args!("{} spans are missing from the trace file", spans.dropped));
    }
    Ok(done)
}

/// Shows the log on standard error: as `GLYPH_LOG` says, else as `-v` does, else from `level` on.
///
/// # Errors
/// If what `GLYPH_LOG` says can't be understood.
pub(crate) fn log(level: &str) -> anyhow::Result<()> {
    let filter = asked_log().unwrap_or_else(|| level.to_owned());
    glyphd::log_to_stderr(&filter, manner::in_colour_beside())
        .map_err(anyhow::Error::msg)
        .context("GLYPH_LOG")
}

/// What of the log was asked for, if anything was.
pub(crate) fn asked_log() -> Option<String> {
    env::var("GLYPH_LOG").ok().or_else(|| manner::log_filter().map(str::to_owned))
}

fn open(path: &Path) -> anyhow::Result<Writer> {
    Writer::append(path, WriterOptions { rotation: Some(Rotation::default()), ..WriterOptions::default() })
        .with_context(|| format!("--trace-file {}", path.display()))
        .map_err(|e| anyhow!(e).hint("choose a file that can be appended to, in a folder that is there"))
}
