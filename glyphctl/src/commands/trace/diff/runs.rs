//! The runs of a side: what a path stands for, read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use glyph_analysis::trace::{
    Filter, Grouping,
    diff::{Sample, Side},
    group::Key,
};
use glyph_formats::{
    Recording,
    artifact::Artifact,
    recording::{INFO, RecordingError},
};

use super::super::input;
use crate::{commands::recording::Opened, output::warn};

/// The option of a recording that says which share of its traces is in it.
const SAMPLE_RATIO: &str = "trace-sample-ratio";

/// Reads a side.
pub(in crate::commands::trace) fn side(
    given: &Path,
    filter: Option<Filter>,
    memory: u64,
) -> anyhow::Result<Side> {
    let grouping = Grouping::by(&Key::DEFAULT).only(filter);
    let mut runs: Vec<Sample> = Vec::new();
    let mut ratios: Vec<Option<f64>> = Vec::new();
    for path in runs_of(given)? {
        let opened = Opened::open(&path)?;
        let run = input::sample(&input::sources(&[opened.path()])?, grouping.clone(), memory)?;
        if runs.iter().any(|known| known.is_same_run(&run)) {
            // Counted twice, it would look like proof.
            warn(format_args!("{}: is the same run as one before it, and counts once", path.display()));
            continue;
        }
        ratios.push(sample_ratio(opened.path())?);
        runs.push(run);
    }
    let first = ratios.first().copied().flatten();
    let ratio = first.filter(|first| ratios.iter().all(|ratio| ratio.as_ref() == Some(first)));
    Ok(Side::of(runs, ratio))
}

/// What the path stands for: several for a pattern, and for a directory that has recordings in it and is none itself.
fn runs_of(given: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let matching = input::matching(given)?;
    match matching.as_slice() {
        [dir] if dir.is_dir() && !dir.join(INFO).exists() => {
            let inside = recordings_in(dir).with_context(|| dir.display().to_string())?;
            Ok(if inside.is_empty() { matching } else { inside })
        }
        _ => Ok(matching),
    }
}

/// The recordings and artifacts in a directory, sorted by name.
fn recordings_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && (path.join(INFO).exists() || path.is_file() && Artifact::begins_at(&path)) {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
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
