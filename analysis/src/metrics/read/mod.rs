//! Files into a store, in one pass.

mod exposition;
mod head;
mod repeating;
mod warning;

use std::path::{Path, PathBuf};

use glyph_formats::{
    jsonl::{Blocks, ReadError, input, segments},
    recording::{METRICS, Recording, RecordingError},
};

use super::{
    ExpositionError, Store,
    api::{self, ApiError},
    stale,
};
pub use warning::Warning;
use warning::{CUT_SHORT, DUPLICATE, OTHER_FILE, OUT_OF_ORDER, Odd};

/// Why metrics could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The file can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The directory is no recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A line is not what it should be.
    #[error("{path}:{line}: {source}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        source: ExpositionError,
    },
    /// The file is JSON, but not what a query API answers, or the server's error.
    #[error("{path}: {source}", path = path.display())]
    Api {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ApiError,
    },
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The series.
    pub store: Store,
    /// What was odd.
    pub warnings: Vec<Warning>,
    /// Whether the last file has its `# EOF`, or is JSON, which has its end too.
    pub ended: bool,
}

/// The metrics files that a path stands for: those of a recording's directory, or the file; closed segments first.
///
/// # Errors
/// If the directory is no recording or can't be read.
pub fn files_of(path: &Path) -> Result<Vec<PathBuf>, MetricsError> {
    let file = if path.is_dir() { Recording::open(path)?.file(METRICS) } else { path.to_owned() };
    Ok(segments::with_closed(&file)?)
}

/// Reads files and marks where series end. Files may overlap in time and stand in any order; of two values at the same
/// time the one that was read first counts. `-` is standard input; gzip and
/// Zstandard are found by content, as is JSON of Prometheus' query API ([`api`]). What else there is is text.
///
/// Times of text are seconds in OpenMetrics and milliseconds in Prometheus' older text. A file of which the name has
/// `om` or `openmetrics` between its dots is OpenMetrics; of others the first time decides: an integer above 10¹¹ is in
/// milliseconds.
///
/// # Errors
/// If a file can't be read, or is none of these formats, or has native histograms.
pub fn read(files: &[PathBuf], progress: &input::Progress) -> Result<Reading, MetricsError> {
    let mut reading = Reading::default();
    for path in files {
        let mut odd = Odd::default();
        let input = input::open_counted(path, progress.clone())?;
        let (head, input) =
            head::look(input).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        reading.store.begin_run();
        reading.ended = if api::looks_like_json(&head) {
            read_api(input, &mut reading.store, &mut odd)?;
            true
        } else {
            read_text(input, &mut reading.store, &mut odd)?
        };
        odd.add(0, OTHER_FILE, reading.store.end_run());
        reading.warnings.extend(odd.warnings(path));
    }
    stale::mark(&mut reading.store);
    Ok(reading)
}

fn read_api(input: input::Input, store: &mut Store, odd: &mut Odd) -> Result<(), MetricsError> {
    let answer = api::read_from(store, input.reader)
        .map_err(|source| MetricsError::Api { path: input.path, source })?;
    odd.add(0, OUT_OF_ORDER, answer.out_of_order);
    odd.add(0, DUPLICATE, answer.duplicates);
    answer.warnings.into_iter().for_each(|warning| odd.add(0, warning, 1));
    Ok(())
}

/// Tells whether there was an `# EOF`.
fn read_text(input: input::Input, store: &mut Store, odd: &mut Odd) -> Result<bool, MetricsError> {
    let path = input.path.clone();
    let mut file = exposition::File::new(&path, store, odd);
    let mut blocks = Blocks::new(input);
    while let Some(block) = blocks.next_block()? {
        file.take(block).map_err(|(line, source)| MetricsError::Line { path: path.clone(), line, source })?;
    }
    let ended = file.ended();
    if blocks.cut_short() {
        odd.note(0, CUT_SHORT);
    }
    Ok(ended)
}

#[cfg(test)]
mod tests;
