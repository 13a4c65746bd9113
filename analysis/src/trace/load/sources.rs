//! Which files to read: what the user names, with the recordings and other folders among it and the closed segments of
//! each file.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use glyph_formats::{
    Recording,
    jsonl::{
        ReadError,
        input::{Progress, is_stdin},
        segments,
    },
    recording::{RecordingError, TRACES},
};
use rustc_hash::FxHashSet;

use super::LoadError;

/// How the names of trace files end, in a folder that is no recording; compressed ones have `.gz` or `.zst` after it.
pub(super) const KINDS: [&str; 3] = [".json", ".jsonl", ".ndjson"];

/// Files that are read together, in order, each once.
#[derive(Debug, Clone)]
pub struct Sources {
    files: Vec<PathBuf>,
}

impl Sources {
    /// Finds the files behind `inputs`: a file with its closed segments, `-` for standard input, a recording's
    /// directory for its spans, another directory for the trace files in it, sorted by name.
    ///
    /// # Errors
    /// If a directory can't be read, or has nothing to read.
    pub fn find<P: AsRef<Path>>(inputs: &[P]) -> Result<Self, LoadError> {
        let mut files = Vec::new();
        let mut known = FxHashSet::default();
        for input in inputs {
            for file in behind(input.as_ref())? {
                // The same file may be named in several ways.
                if known.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                    files.push(file);
                }
            }
        }
        Ok(Self { files })
    }

    /// The files.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether they can be read a second time: none of them is standard input or a pipe.
    pub fn can_be_read_again(&self) -> bool {
        self.files.iter().all(|file| !is_stdin(file) && file.is_file())
    }

    /// A measure for reading them; without a total if one of them has no length.
    pub fn progress(&self) -> Progress {
        let length = |file: &PathBuf| fs::metadata(file).ok().filter(|m| m.is_file()).map(|m| m.len());
        Progress::of(self.files.iter().map(length).sum())
    }
}

fn behind(input: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if is_stdin(input) || !input.is_dir() {
        return Ok(segments::with_closed(input)?);
    }
    match Recording::open(input) {
        Ok(recording) => Ok(segments::with_closed(&recording.file(TRACES))?),
        Err(RecordingError::NoInfo(_)) => {
            let failed = |source| ReadError::Io { path: input.to_owned(), source };
            let files = trace_files(input).map_err(failed)?;
            if files.is_empty() { Err(LoadError::NothingThere(input.to_owned())) } else { Ok(files) }
        }
        Err(error) => Err(error.into()),
    }
}

/// The files of a folder whose names are those of trace files. Of one that is there in several compressions one is
/// taken: the `.zst`, as of closed segments, else the plain one, which is whole whatever a `gzip` beside it is at.
fn trace_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = FxHashSet::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(is_trace_file) && path.is_file() {
            files.insert(path);
        }
    }
    let is_better_there = |file: &PathBuf| {
        let plain = if has_ending(file, "gz") { file.with_extension("") } else { file.clone() };
        let is_there = |other: &PathBuf| other != file && files.contains(other);
        !has_ending(file, "zst") && (is_there(&segments::compressed(&plain)) || is_there(&plain))
    };
    let mut taken: Vec<PathBuf> = files.iter().filter(|file| !is_better_there(file)).cloned().collect();
    taken.sort_unstable();
    Ok(taken)
}

fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|extension| extension == ending)
}

fn is_trace_file(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    !name.starts_with('.') && KINDS.iter().any(|kind| plain.ends_with(kind))
}
