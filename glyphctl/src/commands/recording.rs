//! What a user names where a RECORDING is wanted: a directory, an artifact, or a file of the right kind.
//!
//! In: a path. Out: a path at which a reader finds a directory or a file. An artifact is checked against its digests
//! and unpacked into a temporary directory, which is gone when [`Opened`] is. Not here: what the files say.

use std::{
    env,
    path::{Path, PathBuf},
};

use glyph_formats::{
    artifact::{Artifact, ArtifactError, Kind},
    jsonl::input::is_stdin,
};
use glyphd::telemetry::Telemetry;
use tempfile::TempDir;

use super::replay;

/// A recording that can be read.
#[derive(Debug)]
pub(crate) struct Opened {
    path: PathBuf,
    unpacked: Option<Unpacked>,
}

/// An artifact's files.
#[derive(Debug)]
struct Unpacked {
    _dir: TempDir,
    files: u64,
}

impl Opened {
    /// Opens it; an artifact that is not whole is an error.
    pub(crate) fn open(given: &Path) -> anyhow::Result<Self> {
        Self::try_open(given).map_err(replay::hinted)
    }

    /// The same, for those who look into what is wrong with an artifact.
    pub(crate) fn try_open(given: &Path) -> Result<Self, ArtifactError> {
        if is_stdin(given) || !given.is_file() || !(Artifact::begins_at(given) || is_named(given)) {
            return Ok(Self { path: given.to_owned(), unpacked: None });
        }
        let dir = TempDir::with_prefix("glyphctl-")
            .map_err(|source| ArtifactError::Io { path: env::temp_dir(), source })?;
        // Under the artifact's own name, which is in what is told of its files.
        let path = dir.path().join(given.file_name().unwrap_or("recording".as_ref()));
        let contents = replay::load(given, Some(&path), None, &Telemetry::off())?;
        let files = contents.manifest.files.len() as u64;
        Ok(Self { path, unpacked: Some(Unpacked { _dir: dir, files }) })
    }

    /// Where to read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many files came out of an artifact, if it was one.
    pub(crate) fn unpacked(&self) -> Option<u64> {
        self.unpacked.as_ref().map(|unpacked| unpacked.files)
    }
}

impl AsRef<Path> for Opened {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

/// Whether the error says that an artifact is there, and is not what was packed.
pub(crate) fn is_changed(error: &ArtifactError, given: &Path) -> bool {
    match error {
        // One whose manifest can't be read.
        ArtifactError::NotAnArtifact { .. } => Artifact::begins_at(given),
        _ => matches!(error.kind(), Kind::Differs | Kind::Damaged | Kind::Refused),
    }
}

/// Where the beginning is damaged, the name tells.
pub(in crate::commands) fn is_named(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".glyph.tar.zst") || name.ends_with(".glyph.tar.gz")
}
