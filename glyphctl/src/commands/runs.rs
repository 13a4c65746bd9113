//! What a user names where one run or several may stand: a recording, an artifact, a directory of them, a pattern.
//!
//! In: a path. Out: the paths of the runs, or the runs opened. Not here: what is in them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use glyph_formats::{Recording, artifact::Artifact, recording::INFO};

use super::{recording::Opened, trace::matching};

/// A run, and what it was called.
#[derive(Debug)]
pub(in crate::commands) struct Run {
    pub(in crate::commands) given: PathBuf,
    pub(in crate::commands) opened: Opened,
}

impl Run {
    /// Opens all that a path stands for.
    pub(in crate::commands) fn all(given: &Path) -> anyhow::Result<Vec<Self>> {
        of(given)?.into_iter().map(Self::one).collect()
    }

    /// Opens one.
    pub(in crate::commands) fn one(given: PathBuf) -> anyhow::Result<Self> {
        Ok(Self { opened: Opened::open(&given)?, given })
    }

    /// When it began, in nanoseconds since 1970; 0 if it is a file that does not say.
    pub(in crate::commands) fn start(&self) -> u64 {
        Recording::open(self.opened.path()).map_or(0, |recording| recording.info.start_time_unix_nano.0)
    }
}

/// What the path stands for: several for a pattern, and for a directory that has recordings in it and is none itself.
pub(in crate::commands) fn of(given: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let matching = matching(given)?;
    match matching.as_slice() {
        [dir] if dir.is_dir() && !dir.join(INFO).exists() => {
            let inside = recordings_in(dir).with_context(|| dir.display().to_string())?;
            Ok(if inside.is_empty() { matching } else { inside })
        }
        _ => Ok(matching),
    }
}

/// The recordings and artifacts in a directory, sorted by name.
pub(in crate::commands) fn recordings_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
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
