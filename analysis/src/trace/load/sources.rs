//! Which files to read: what the user names, with the recordings among it and the closed segments of each.

use std::path::{Path, PathBuf};

use glyph_formats::{
    Recording,
    jsonl::{
        input::{Progress, is_stdin},
        segments,
    },
    recording::TRACES,
};

use super::LoadError;

/// Files that are read together, in order, each once.
#[derive(Debug, Clone)]
pub struct Sources {
    files: Vec<PathBuf>,
}

impl Sources {
    /// Finds the files behind `inputs`: a file with its closed segments, `-` for standard input, a recording's
    /// directory for its spans.
    ///
    /// # Errors
    /// If a directory is no recording or can't be read.
    pub fn find<P: AsRef<Path>>(inputs: &[P]) -> Result<Self, LoadError> {
        let mut files = Vec::new();
        for input in inputs {
            let input = input.as_ref();
            let file = if !is_stdin(input) && input.is_dir() {
                Recording::open(input)?.file(TRACES)
            } else {
                input.to_owned()
            };
            for file in segments::with_closed(&file)? {
                if !files.contains(&file) {
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

    /// A measure for reading them; without a total if one of them has no length.
    pub fn progress(&self) -> Progress {
        let length = |file: &PathBuf| std::fs::metadata(file).ok().filter(|m| m.is_file()).map(|m| m.len());
        Progress::of(self.files.iter().map(length).sum())
    }
}
