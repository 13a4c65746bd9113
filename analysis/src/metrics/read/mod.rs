//! Files into a store, in one pass.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use glyph_formats::{
    jsonl::{Blocks, ReadError, input, segments},
    recording::{METRICS, Recording, RecordingError},
};
use rustc_hash::FxHashMap;

use super::{
    Exemplar, ExpositionError, Refusal, SeriesId, Store,
    exposition::{self, Line, Sample},
    stale,
};

/// Integers of more than this are milliseconds: as seconds they would be in the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

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
}

/// Something odd that does not keep a file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file.
    pub path: PathBuf,
    /// The first line of which it is true, counted from 1.
    pub line: u64,
    /// What is odd.
    pub what: &'static str,
    /// Of how many lines.
    pub count: u64,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)?;
        if self.count > 1 {
            write!(f, " (and {} more such lines)", self.count - 1)?;
        }
        Ok(())
    }
}

const TORN: &str = "the last line is torn, as a crash leaves it; it was left out";
const CUT_SHORT: &str = "the compressed file ends before its end; what could be read of it was taken";

impl Warning {
    /// Whether it says that a file was cut off.
    pub fn is_torn(&self) -> bool {
        self.what == TORN || self.what == CUT_SHORT
    }
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The series.
    pub store: Store,
    /// What was odd.
    pub warnings: Vec<Warning>,
    /// Whether the last file has its `# EOF`.
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

/// Reads files, in the order in which they are given, and marks where series end.
///
/// Times are seconds in OpenMetrics and milliseconds in Prometheus' older text. A file of which the name has `om` or
/// `openmetrics` between its dots is OpenMetrics; of others the first time decides: an integer above 10¹¹ is in
/// milliseconds.
///
/// # Errors
/// If a file can't be read, or a line of it is none of these formats.
pub fn read(files: &[PathBuf], progress: &input::Progress) -> Result<Reading, MetricsError> {
    let mut reading = Reading::default();
    for path in files {
        let mut file = File::new(path, &mut reading.store);
        let mut blocks = Blocks::new(input::open_counted(path, progress.clone())?);
        while let Some(block) = blocks.next_block()? {
            for (line, bytes) in block.lines() {
                // A file that ends well ends with a line end, or with its mark; what else has none is torn, even if
                // it could be read: its time may lack digits.
                if block.may_be_torn(bytes) && bytes != b"# EOF" {
                    file.warn(line, TORN);
                    continue;
                }
                file.take(line, bytes).map_err(|source| MetricsError::Line {
                    path: path.clone(),
                    line,
                    source,
                })?;
            }
        }
        if blocks.cut_short() {
            file.warn(0, CUT_SHORT);
        }
        reading.ended = file.ended;
        reading.warnings.extend(file.warnings());
    }
    stale::mark(&mut reading.store);
    Ok(reading)
}

/// A file on its way into the store.
struct File<'a> {
    path: &'a Path,
    store: &'a mut Store,
    in_seconds: Option<bool>,
    /// Series by their text: the same in every scrape.
    known: FxHashMap<Box<str>, SeriesId>,
    ended: bool,
    odd: BTreeMap<&'static str, (u64, u64)>,
}

impl<'a> File<'a> {
    fn new(path: &'a Path, store: &'a mut Store) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = name.split('.').skip(1).any(|part| part == "om" || part == "openmetrics");
        let in_seconds = named.then_some(true);
        Self { path, store, in_seconds, known: FxHashMap::default(), ended: false, odd: BTreeMap::new() }
    }

    fn warn(&mut self, line: u64, what: &'static str) {
        self.odd.entry(what).or_insert((line, 0)).1 += 1;
    }

    fn warnings(self) -> impl Iterator<Item = Warning> {
        let path = self.path.to_owned();
        self.odd.into_iter().map(move |(what, (line, count))| Warning {
            path: path.clone(),
            line,
            what,
            count,
        })
    }

    fn take(&mut self, number: u64, bytes: &[u8]) -> Result<(), ExpositionError> {
        match exposition::line(bytes)? {
            Line::Sample(sample) => {
                if self.ended {
                    self.warn(number, "a sample stands behind # EOF; it was taken");
                }
                self.sample(number, &sample)?;
            }
            Line::Type { family, kind } => self.store.set_kind(family, kind),
            Line::Eof => self.ended = true,
            Line::Nothing => {}
        }
        Ok(())
    }

    fn sample(&mut self, number: u64, sample: &Sample<'_>) -> Result<(), ExpositionError> {
        let id = match self.known.get(sample.series) {
            Some(id) => *id,
            None => {
                let labels = exposition::labels(sample.series)?;
                if labels.name().is_empty() {
                    return Err(ExpositionError::NoName);
                }
                let id = self.store.id_of(&labels);
                self.known.insert(sample.series.into(), id);
                id
            }
        };
        let time = self.time(sample.time)?;
        match self.store.push(id, time, sample.value) {
            Ok(()) => {}
            Err(Refusal::OutOfOrder) => {
                self.warn(number, "the sample is older than the one before it in its series; it was dropped");
            }
            Err(Refusal::Duplicate) => {
                self.warn(
                    number,
                    "the series has another value at that time already; the sample was dropped",
                );
            }
        }
        if let Some(exemplar) = &sample.exemplar {
            let exemplar = Exemplar {
                labels: exposition::labels(exemplar.labels)?,
                value: exemplar.value,
                time: exemplar.time.map_or(Ok(time), exposition::seconds)?,
            };
            self.store.push_exemplar(id, exemplar);
        }
        Ok(())
    }

    fn time(&mut self, text: &str) -> Result<i64, ExpositionError> {
        let whole = text.parse::<i64>();
        let in_seconds = *self
            .in_seconds
            .get_or_insert(!matches!(whole, Ok(n) if n.unsigned_abs() > MILLISECONDS_FROM as u64));
        if in_seconds {
            return exposition::seconds(text);
        }
        whole.map_err(|_| ExpositionError::Time(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
