//! glyphctl's own spans: the same flags, files and exporters as the daemon's.

use std::{path::Path, time::Duration};

use anyhow::{Context, anyhow};
use glyph_formats::jsonl::{Rotation, Writer, WriterOptions};
use glyphd::{cli::TraceArgs, telemetry::Telemetry};
use tokio::runtime;

use crate::output::{failure::HintExt, warn};

/// How long the collector has, in the end, to take the last spans.
const EXPORT: Duration = Duration::from_secs(5);

/// Does `work`, and hands out the spans that it made, if the flags say where to.
pub(crate) fn traced<T>(flags: TraceArgs, work: impl FnOnce(&Telemetry) -> T) -> anyhow::Result<T> {
    let (config, warnings) = flags.into_config("glyphctl")?;
    warnings.iter().for_each(warn);
    let file = config.file.as_deref().filter(|_| config.sample_ratio > 0.0).map(open).transpose()?;
    if config.endpoint.is_some() {
        // What becomes of spans is told there.
        glyphd::log_to_stderr("warn").map_err(anyhow::Error::msg)?;
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

fn open(path: &Path) -> anyhow::Result<Writer> {
    Writer::append(path, WriterOptions { rotation: Some(Rotation::default()), ..WriterOptions::default() })
        .with_context(|| format!("--trace-file {}", path.display()))
        .map_err(|e| anyhow!(e).hint("choose a file that can be appended to, in a folder that is there"))
}
