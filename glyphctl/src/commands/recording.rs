//! What a user names where a RECORDING is wanted: a directory, an artifact, or a file of the right kind; where flows are
//! wanted, also a HAR document.
//!
//! In: a path. Out: a path at which a reader finds a directory or a file. An artifact is checked against its digests
//! and unpacked into a temporary directory, which is gone when [`Opened`] is; flows out of a HAR document lie in one, too.
//! Not here: what the files say.

use std::{
    env,
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use glyph_formats::{
    artifact::{Artifact, ArtifactError, Kind},
    har,
    jsonl::{
        input::{self, is_stdin},
        write_line,
    },
};
use glyphd::telemetry::Telemetry;
use tempfile::TempDir;

use super::replay::{self, Redaction, convert};
use crate::output::progress::Bar;

/// A HAR document is known by its first bytes.
const HEAD: u64 = 64 << 10;

/// A recording that can be read.
#[derive(Debug)]
pub(crate) struct Opened {
    path: PathBuf,
    unpacked: Option<Unpacked>,
    /// Where the flows of a HAR document lie.
    _imported: Option<TempDir>,
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
            return Ok(Self { path: given.to_owned(), unpacked: None, _imported: None });
        }
        let dir = TempDir::with_prefix("glyphctl-")
            .map_err(|source| ArtifactError::Io { path: env::temp_dir(), source })?;
        // Under the artifact's own name, which is in what is told of its files.
        let path = dir.path().join(given.file_name().unwrap_or("recording".as_ref()));
        let contents = replay::load(given, Some(&path), None, &Telemetry::off())?;
        let files = contents.manifest.files.len() as u64;
        Ok(Self { path, unpacked: Some(Unpacked { _dir: dir, files }), _imported: None })
    }

    /// Opens what is to have flows in it: of a HAR document these are made, without the secrets in them.
    pub(crate) fn flows(given: &Path) -> anyhow::Result<Self> {
        if !is_har(given) {
            return Self::open(given);
        }
        let dir = TempDir::with_prefix("glyphctl-").context(env::temp_dir().display().to_string())?;
        let name =
            if is_stdin(given) { "stdin".into() } else { given.file_name().unwrap_or_default().to_owned() };
        // Under its own name, which is in what is told of it.
        let path = dir.path().join(name);
        let input = input::open(given)?;
        let _bar = Bar::start("importing", &input.progress);
        let mut file = io::BufWriter::with_capacity(1 << 18, std::fs::File::create_new(&path)?);
        let mut line = Vec::new();
        let converted = convert(input, &Redaction::passing()?, |flow| {
            line.clear();
            write_line(&mut line, flow)?;
            file.write_all(&line)
        })?;
        file.flush().with_context(|| path.display().to_string())?;
        converted.tell(given);
        Ok(Self { path, unpacked: None, _imported: Some(dir) })
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

/// Whether a HAR document begins there. What can't be read is none; the reader will say why.
fn is_har(given: &Path) -> bool {
    if is_stdin(given) {
        // It stays where it is, for whoever reads on.
        return io::stdin().lock().fill_buf().is_ok_and(har::begins);
    }
    if !given.is_file() {
        return false;
    }
    let mut head = Vec::new();
    // Of what is compressed and cut, its beginning does.
    let read = input::open(given).map(|input| input.reader.take(HEAD).read_to_end(&mut head));
    read.is_ok() && har::begins(&head)
}

/// Where the beginning is damaged, the name tells.
pub(in crate::commands) fn is_named(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".glyph.tar.zst") || name.ends_with(".glyph.tar.gz")
}
