//! Metrics files as every command reads them: opened, read with a progress bar, oddities told.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use glyph_analysis::{
    metrics::{self, MetricsError, Reading, Store},
    promqltest::{self, Script},
};
use glyph_formats::{
    jsonl::{ReadError, input::Progress},
    recording::{METRICS, RecordingError},
};

use crate::{
    commands::trace::input,
    output::{self, failure::HintExt, progress, warn},
};

/// What the help says of --data.
pub(crate) const DATA_HELP: &str = "Recordings (also artifacts), files of OpenMetrics or Prometheus text with timestamps, or of the query API's JSON \
     (also .gz and .zst), test scripts (.test) for what they load, patterns in quotes, or - for standard input";

/// Reads recordings and files into one store.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Reading> {
    let opened = input::open(paths)?;
    let mut files = Vec::new();
    for recording in &opened {
        files.extend(metrics::files_of(recording.path()).map_err(hinted)?);
    }
    let (scripts, files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.extension().is_some_and(|ending| ending == "test"));
    let sizes = files.iter().map(|f| fs::metadata(f).map(|m| m.len()).ok());
    let progress = Progress::of(sizes.sum());
    output::reading(&files);
    let bar = progress::Bar::start("reading", &progress);
    let reading = metrics::read(&files, &progress).map_err(hinted);
    drop(bar);
    let mut reading = reading?;
    scripts.iter().try_for_each(|script| load(script, &mut reading.store))?;
    reading.warnings.iter().for_each(warn);
    Ok(reading)
}

/// Adds the series that a script loads.
fn load(path: &Path, store: &mut Store) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let placed = |e: promqltest::ScriptError| anyhow!("{}:{}: {}", path.display(), e.line, e.what);
    let loaded = Script::parse(&text).and_then(|script| promqltest::loaded(&script)).map_err(placed)?;
    let samples = loaded.series().iter().flat_map(|series| {
        series.times.iter().zip(&series.values).map(|(time, value)| (&series.labels, *time, *value))
    });
    let refused =
        samples.filter(|(labels, time, value)| store.append(labels, *time, *value).is_err()).count();
    if refused > 0 {
        let path = path.display();
        warn(format!("{path}: {refused} samples were dropped: their series have others then, or later ones"));
    }
    Ok(())
}

/// Whether it is a recording's file of metrics that is not there.
fn has_none(error: &MetricsError) -> bool {
    let MetricsError::Read(ReadError::Io { path, source }) = error else { return false };
    source.kind() == ErrorKind::NotFound && path.ends_with(METRICS)
}

fn hinted(error: MetricsError) -> anyhow::Error {
    let hint = match &error {
        MetricsError::Recording(RecordingError::NoInfo(_)) => {
            Some("name a directory that glyphd --record made, or a metrics file")
        }
        MetricsError::Line { .. } => Some(
            "metrics are OpenMetrics or Prometheus text with a timestamp on every sample (docs/architecture.md)",
        ),
        error if has_none(error) => {
            Some("the recording has no metrics: glyphd --record and glyphctl record write them")
        }
        _ => None,
    };
    anyhow::Error::new(error).maybe_hint(hint)
}
