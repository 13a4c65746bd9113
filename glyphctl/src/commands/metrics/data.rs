//! Metrics files as every command reads them: opened, read with a progress bar, oddities told.

use std::{fs, path::PathBuf};

use glyph_analysis::metrics::{self, MetricsError, Reading};
use glyph_formats::{jsonl::input::Progress, recording::RecordingError};

use crate::{
    commands::trace::input,
    output::{failure::HintExt, progress, warn},
};

/// What the help says of --data.
pub(crate) const DATA_HELP: &str = "Recordings (also artifacts), files of OpenMetrics or Prometheus text with timestamps, or of the query API's JSON \
     (also .gz and .zst), patterns in quotes, or - for standard input";

/// Reads recordings and files into one store.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Reading> {
    let opened = input::open(paths)?;
    let mut files = Vec::new();
    for recording in &opened {
        files.extend(metrics::files_of(recording.path()).map_err(hinted)?);
    }
    let sizes = files.iter().map(|f| fs::metadata(f).map(|m| m.len()).ok());
    let progress = Progress::of(sizes.sum());
    let bar = progress::Bar::start("reading", &progress);
    let reading = metrics::read(&files, &progress).map_err(hinted);
    drop(bar);
    let reading = reading?;
    reading.warnings.iter().for_each(warn);
    Ok(reading)
}

fn hinted(error: MetricsError) -> anyhow::Error {
    let hint = match &error {
        MetricsError::Recording(RecordingError::NoInfo(_)) => {
            Some("name a directory that glyphd --record made, or a metrics file")
        }
        MetricsError::Line { .. } => Some(
            "metrics are OpenMetrics or Prometheus text with a timestamp on every sample (docs/architecture.md)",
        ),
        _ => None,
    };
    anyhow::Error::new(error).maybe_hint(hint)
}
