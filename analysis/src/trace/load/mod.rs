//! From files to columns.
//!
//! In: paths as a user gives them. Out: [`Loaded`], the spans of all of them and what was odd. A file in which
//! nothing can be read is an error; a single bad line is counted and left out. Not here: who caused whom.
//!
//! Glyph's own lines have the fast reader `glyph`; what it refuses goes to `foreign`, where the formats of other tools
//! are found by their keys. As many threads as there are cores take blocks of lines from one `reader` and parse them;
//! what comes of them is put together in the order of the files. A `document` over many lines is parsed by one thread
//! as it comes.

// Which files, and what of them is read at a time.
mod sources;
mod head;
mod reader;

// From bytes to spans.
mod id;
mod glyph;
mod foreign;
mod found;
mod lines;
mod document;

// From spans to one answer, in the order of the files.
mod chunk;
mod joined;
mod ending;
mod pipeline;

use std::{fmt, io, path::PathBuf, sync::Arc};

use glyph_formats::{
    TraceId,
    jsonl::{ReadError, input::Progress},
    recording::RecordingError,
};

use rustc_hash::FxHashSet;

use super::{columns::Spans, group::Grouping, oddity::Oddities};

pub(super) use chunk::{Chunk, Full, Sink};
pub use sources::Sources;

/// What to keep of each span besides its numbers and names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// Attributes and status messages.
    pub attributes: bool,
    /// Events.
    pub events: bool,
}

impl Keep {
    /// Nothing, which is enough for a summary.
    pub const NOTHING: Self = Self { attributes: false, events: false };
    /// All there is.
    pub const EVERYTHING: Self = Self { attributes: true, events: true };

    /// What either keeps.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { attributes: self.attributes || other.attributes, events: self.events || other.events }
    }
}

/// What is asked of each span.
#[derive(Debug, Clone, Default)]
pub(super) struct Want {
    pub(super) keep: Keep,
    /// What to find its row by; none if nobody wants rows.
    pub(super) rows: Option<Arc<Grouping>>,
    /// The traces to take; none for every trace.
    pub(super) only: Option<Arc<FxHashSet<TraceId>>>,
}

/// What was in the files.
#[derive(Debug)]
pub struct Loaded {
    /// The spans, in the order of the files.
    pub spans: Spans,
    /// What is odd, counted.
    pub oddities: Oddities,
    /// What is odd, with its position; of lines that can't be read only the first of each file.
    pub warnings: Vec<Warning>,
}

/// Something odd about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1, if it concerns one.
    pub line: Option<u64>,
    /// What is odd.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.what)
    }
}

/// Why files could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A directory is no recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A directory is no recording, and no file in it has the name of a trace file.
    #[error("{path}: is no recording, and no file in it ends with {kinds}", path = .0.display(), kinds = sources::KINDS.join(", "))]
    NothingThere(PathBuf),
    /// Nothing in a file is a span.
    #[error("{path}: is no trace file: line {line}: {reason}", path = path.display())]
    NotATrace {
        /// The file.
        path: PathBuf,
        /// The first line that is no span, counted from 1.
        line: u64,
        /// Why it is none.
        reason: String,
    },
    /// There are more spans than this program can number.
    #[error("{path}: too many spans: no more than {} can be looked at together", u32::MAX - 1, path = path.display())]
    TooMany {
        /// The file with the first that is too many.
        path: PathBuf,
    },
    /// What does not fit the memory can't be put into a temporary file.
    #[error("the spans are more than --memory allows, and can't be put into a file in {folder}", folder = std::env::temp_dir().display())]
    Disk(#[source] io::Error),
}

/// Loads every span of these files. `progress` is told how far it has come.
///
/// # Errors
/// If a file can't be read or is no trace file.
pub fn load(sources: &Sources, keep: Keep, progress: &Progress) -> Result<Loaded, LoadError> {
    join(sources, Want { keep, ..Want::default() }, progress)
}

/// Loads the spans of these traces alone. What is odd about the others is not counted.
///
/// # Errors
/// As [`load()`].
pub fn load_only(
    sources: &Sources,
    traces: impl IntoIterator<Item = TraceId>,
    keep: Keep,
    progress: &Progress,
) -> Result<Loaded, LoadError> {
    let only = Some(Arc::new(traces.into_iter().collect()));
    join(sources, Want { keep, rows: None, only }, progress)
}

fn join(sources: &Sources, want: Want, progress: &Progress) -> Result<Loaded, LoadError> {
    let mut joined = joined::Joined::default();
    let warnings = pipeline::run(sources.files(), &want, progress, &mut joined)?;
    let (spans, oddities) = joined.into_spans();
    Ok(Loaded { spans, oddities, warnings })
}

/// Hands every span of these files to `sink`.
pub(super) fn stream(
    sources: &Sources,
    want: &Want,
    progress: &Progress,
    sink: &mut dyn Sink,
) -> Result<Vec<Warning>, LoadError> {
    pipeline::run(sources.files(), want, progress, sink)
}
