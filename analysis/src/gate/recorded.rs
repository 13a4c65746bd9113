//! What a recording holds, as far as the gate asks: each file is read once.
//!
//! Files that a crash tore, and lines that are no records, are noted for [`super::integrity`]; they keep nothing else
//! from being judged. What can't be read at all is an error.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_formats::{
    AuditEntry, Finding, Flow, Recording,
    jsonl::{self, ReadError, input::Progress, segments},
    recording::{AUDIT, FINDINGS, FLOWS, METRICS, RecordingError, RecordingInfo, TRACES},
};
use serde::de::DeserializeOwned;

use super::findings::Found;
use crate::{
    metrics::{self, MetricsError, Reading, Store},
    trace::{self, Keep, LoadError, Loaded, Oddities, Oddity, Sources, Spans, Traces},
};

/// What makes a file less than whole; other oddities are the spans' own.
const FAULTS: [Oddity; 4] =
    [Oddity::TornLine, Oddity::UnreadableLine, Oddity::BrokenDocument, Oddity::UnreadableSpan];

/// Why a recording could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The directory is none.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The spans can't be read.
    #[error(transparent)]
    Traces(#[from] LoadError),
    /// The metrics can't be read.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// The files of a recording.
#[derive(Debug)]
pub struct Files {
    recording: Recording,
    spans: Option<Sources>,
    metrics: Vec<PathBuf>,
}

/// What is in them.
#[derive(Debug)]
pub struct Recorded {
    /// What `recording.json` says.
    pub info: RecordingInfo,
    /// The spans, without attributes and events.
    pub traces: Traces,
    /// The metrics.
    pub metrics: Store,
    /// The findings.
    pub findings: Found,
    /// What is odd without making the recording less whole.
    pub warnings: Vec<String>,
    /// The files, and what is wrong with each.
    pub(super) files: Vec<FileState>,
    /// Segments that `recording.json` lists and that are not there.
    pub(super) missing: Vec<String>,
}

/// A file, with its closed segments.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) name: &'static str,
    pub(super) faults: u64,
    /// The first of them, with its place.
    pub(super) first: Option<String>,
}

impl FileState {
    fn new(name: &'static str) -> Self {
        Self { name, faults: 0, first: None }
    }

    fn add(&mut self, dir: &Path, what: &str) {
        self.faults += 1;
        // Within the recording the file's name is enough.
        let prefix = format!("{}/", dir.display());
        self.first.get_or_insert_with(|| what.replace(&prefix, ""));
    }
}

impl Files {
    /// Finds them.
    ///
    /// # Errors
    /// If the directory is no recording.
    pub fn find(dir: &Path) -> Result<Self, RecordedError> {
        let recording = Recording::open(dir)?;
        let has_spans = !segments::existing(&recording.file(TRACES))?.is_empty();
        let spans = has_spans.then(|| Sources::find(&[dir])).transpose()?;
        let metrics = segments::existing(&recording.file(METRICS))?;
        Ok(Self { recording, spans, metrics })
    }

    /// A measure for reading the spans and the metrics, which are what takes time.
    pub fn progress(&self) -> Progress {
        let spans = self.spans.iter().flat_map(|sources| sources.files());
        Progress::of(spans.chain(&self.metrics).map(|file| Some(fs::metadata(file).ok()?.len())).sum())
    }

    /// Reads them.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn read(self, progress: &Progress) -> Result<Recorded, RecordedError> {
        let recording = &self.recording;
        let mut files = Vec::new();
        let mut findings = Found::default();
        files.extend(lines::<Flow>(recording, FLOWS, |_| ())?);
        files.extend(lines::<Finding>(recording, FINDINGS, |finding| findings.add(&finding))?);
        files.extend(lines::<AuditEntry>(recording, AUDIT, |_| ())?);
        let mut traces = Traces::resolve(Spans::default(), Oddities::default());
        if let Some(sources) = &self.spans {
            let (resolved, state) = spans(&recording.dir, sources, progress)?;
            traces = resolved;
            files.push(state);
        }
        let mut reading = Reading::default();
        if !self.metrics.is_empty() {
            let (read, state) = samples(&recording.dir, &self.metrics, progress)?;
            reading = read;
            files.push(state);
        }
        let oddities = traces.oddities.iter();
        let mut warnings: Vec<_> = oddities
            .filter(|(kind, _)| !FAULTS.contains(kind))
            .map(|(kind, count)| kind.describe(count))
            .collect();
        warnings.extend(reading.warnings.iter().filter(|w| !w.is_torn()).map(ToString::to_string));
        let missing = missing(recording);
        let (info, metrics) = (self.recording.info, reading.store);
        Ok(Recorded { info, traces, metrics, findings, warnings, files, missing })
    }
}

/// Reads the records of a file and of its closed segments, if it is there, and gives `take` each.
pub(super) fn lines<T: DeserializeOwned>(
    recording: &Recording,
    name: &'static str,
    mut take: impl FnMut(T),
) -> Result<Option<FileState>, ReadError> {
    if segments::existing(&recording.file(name))?.is_empty() {
        return Ok(None);
    }
    let mut state = FileState::new(name);
    let mut records = jsonl::records::<T>(&recording.file(name))?;
    for record in &mut records {
        match record {
            Ok(record) => take(record),
            Err(error @ ReadError::Io { .. }) => return Err(error),
            Err(error) => state.add(&recording.dir, &error.to_string()),
        }
    }
    records.warnings().iter().for_each(|warning| state.add(&recording.dir, &warning.to_string()));
    Ok(Some(state))
}

fn spans(dir: &Path, sources: &Sources, progress: &Progress) -> Result<(Traces, FileState), RecordedError> {
    let mut state = FileState::new(TRACES);
    let loaded = match trace::load(sources, Keep::NOTHING, progress) {
        Ok(loaded) => loaded,
        Err(error @ LoadError::NotATrace { .. }) => {
            state.add(dir, &error.to_string());
            Loaded { spans: Spans::default(), oddities: Oddities::default(), warnings: Vec::new() }
        }
        Err(error) => return Err(error.into()),
    };
    loaded.warnings.iter().for_each(|warning| state.add(dir, &warning.to_string()));
    // Of unreadable lines, only the first of each file is among the warnings.
    let lines = FAULTS.iter().map(|kind| loaded.oddities.get(*kind)).sum();
    state.faults = state.faults.max(lines);
    Ok((Traces::resolve(loaded.spans, loaded.oddities), state))
}

fn samples(
    dir: &Path,
    files: &[PathBuf],
    progress: &Progress,
) -> Result<(Reading, FileState), RecordedError> {
    let mut state = FileState::new(METRICS);
    let reading = match metrics::read(files, progress) {
        Ok(reading) => reading,
        Err(error @ MetricsError::Line { .. }) => {
            state.add(dir, &error.to_string());
            return Ok((Reading::default(), state));
        }
        Err(error) => return Err(error.into()),
    };
    reading.warnings.iter().filter(|w| w.is_torn()).for_each(|w| state.add(dir, &w.to_string()));
    if !reading.ended {
        state.add(dir, &format!("{METRICS} has no # EOF at its end, as a crash leaves it"));
    }
    Ok((reading, state))
}

/// A segment is there under the name that is listed, or was compressed since.
fn missing(recording: &Recording) -> Vec<String> {
    let is_there = |name: &String| {
        let file = recording.file(name);
        file.exists() || segments::compressed(&file).exists()
    };
    recording.info.segments.values().flatten().filter(|name| !is_there(name)).cloned().collect()
}
