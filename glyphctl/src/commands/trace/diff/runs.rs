//! The runs of a side: what a path stands for, read.

use std::path::Path;

use glyph_analysis::trace::{
    Filter, Grouping,
    diff::{Sample, Side},
    group::Key,
};
use glyph_formats::{Recording, recording::RecordingError};

use super::super::input;
use crate::{
    commands::{recording::Opened, runs},
    output::warn,
};

/// How much of the memory the spans of a run may take unless it is said, in MiB, before they go to temporary files.
pub(in crate::commands) const MEMORY: u64 = 1024;
/// The option of a recording that says which share of its traces is in it.
const SAMPLE_RATIO: &str = "trace-sample-ratio";

/// Reads a side, one run after the other.
pub(in crate::commands::trace) fn side(
    given: &Path,
    filter: Option<Filter>,
    memory: u64,
) -> anyhow::Result<Side> {
    let paths = runs::of(given)?;
    let opened = paths.iter().map(|path| Ok((path.as_path(), Opened::open(path)?)));
    side_of(opened, filter, memory)
}

/// Reads a side of runs that are open, each with what it was called.
pub(in crate::commands) fn side_of<'a>(
    opened: impl Iterator<Item = anyhow::Result<(&'a Path, impl AsRef<Path>)>>,
    filter: Option<Filter>,
    memory: u64,
) -> anyhow::Result<Side> {
    let grouping = Grouping::by(&Key::DEFAULT).only(filter);
    let mut runs: Vec<Sample> = Vec::new();
    let mut ratios: Vec<Option<f64>> = Vec::new();
    for run in opened {
        let (given, opened) = run?;
        let run = input::sample(&input::sources(&[opened.as_ref()])?, grouping.clone(), memory)?;
        if runs.iter().any(|known| known.is_same_run(&run)) {
            // Counted twice, it would look like proof.
            warn(format_args!("{}: is the same run as one before it, and counts once", given.display()));
            continue;
        }
        ratios.push(sample_ratio(opened.as_ref())?);
        runs.push(run);
    }
    let first = ratios.first().copied().flatten();
    let ratio = first.filter(|first| ratios.iter().all(|ratio| ratio.as_ref() == Some(first)));
    Ok(Side::of(runs, ratio))
}

/// Which share of the traces was recorded, if it is a recording that says so.
fn sample_ratio(path: &Path) -> anyhow::Result<Option<f64>> {
    if !path.is_dir() {
        return Ok(None);
    }
    match Recording::open(path) {
        Ok(recording) => Ok(recording.info.options.get(SAMPLE_RATIO).and_then(|ratio| ratio.parse().ok())),
        Err(RecordingError::NoInfo(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
