//! What of a recording goes into the artifact: its files, in the order of their paths.

use std::{
    collections::HashSet,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{ArtifactError, Limits, archive, ending};
use crate::{atomic, recording};

/// One file of the recording, or what is to stand there as one.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path below the recording, as it will stand in the manifest.
    pub(super) path: String,
    pub(super) file: PathBuf,
    /// How long it was when it was looked at first, and when it was changed last.
    length: u64,
    changed: Option<SystemTime>,
    /// What it holds, if it does not lie on the disk.
    text: Option<Vec<u8>>,
    /// How much of it is packed, if its end is then to be put behind.
    mended_after: Option<u64>,
}

impl Source {
    /// A file that is made for the artifact.
    pub(super) fn of_text(path: &str, dir: &Path, text: Vec<u8>) -> Self {
        let (file, length) = (dir.join(path), text.len() as u64);
        Self { path: path.to_owned(), file, length, changed: None, text: Some(text), mended_after: None }
    }

    /// The length that it will have in the artifact.
    pub(super) fn size(&self) -> u64 {
        self.mended_after.map_or(self.length, |keep| keep + ending::MENDED.len() as u64)
    }

    /// Whether a crash left it without its end.
    pub(super) fn is_mended(&self) -> bool {
        self.mended_after.is_some()
    }

    /// The content as it will be in the artifact.
    pub(super) fn open(&self) -> Result<Opened<'_>, ArtifactError> {
        if let Some(text) = &self.text {
            return Ok(Opened { source: self, file: None, left: 0, end: text });
        }
        let file = File::open(&self.file).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => ArtifactError::Moving(self.file.clone()),
            _ => self.io(e),
        })?;
        let end: &[u8] = if self.is_mended() { ending::MENDED } else { &[] };
        let left = self.mended_after.unwrap_or(self.length);
        let opened = Opened { source: self, file: Some(file), left, end };
        opened.still()?;
        Ok(opened)
    }

    fn io(&self, source: io::Error) -> ArtifactError {
        ArtifactError::Io { path: self.file.clone(), source }
    }
}

/// A [`Source`] that is being read.
pub(super) struct Opened<'a> {
    source: &'a Source,
    file: Option<File>,
    left: u64,
    end: &'a [u8],
}

impl Opened<'_> {
    /// Fills the buffer as far as there is content; the end of the content is where it stays empty.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArtifactError> {
        let mut filled = 0;
        while let Some(file) = &mut self.file
            && filled < buffer.len()
            && self.left > 0
        {
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len() - filled);
            match file.read(&mut buffer[filled..filled + most]) {
                Ok(0) => return Err(ArtifactError::Moving(self.source.file.clone())),
                Ok(n) => {
                    filled += n;
                    self.left -= n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.source.io(e)),
            }
        }
        if self.left == 0 {
            let n = self.end.len().min(buffer.len() - filled);
            buffer[filled..filled + n].copy_from_slice(&self.end[..n]);
            self.end = &self.end[n..];
            filled += n;
        }
        Ok(filled)
    }

    /// Looks whether the file is still as it was when it was looked at first.
    pub(super) fn still(&self) -> Result<(), ArtifactError> {
        let Some(file) = &self.file else { return Ok(()) };
        let now = file.metadata().map_err(|e| self.source.io(e))?;
        if now.len() == self.source.length && changed(&now) == self.source.changed {
            return Ok(());
        }
        Err(ArtifactError::Moving(self.source.file.clone()))
    }
}

/// When a file was changed last, where the system knows.
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

/// The files below a recording, but for those that loading has put there.
pub(super) fn find(dir: &Path, limits: &Limits) -> Result<Vec<Source>, ArtifactError> {
    let mut found = Vec::new();
    walk(dir, "", limits, &mut found)?;
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let mut seen = HashSet::new();
    match found.iter().find(|source| !seen.insert(source.path.to_lowercase())) {
        Some(Source { file, .. }) => {
            let why = "differs from another file only in the case of letters";
            Err(ArtifactError::Unpackable { path: file.clone(), why })
        }
        None => Ok(found),
    }
}

fn walk(dir: &Path, prefix: &str, limits: &Limits, found: &mut Vec<Source>) -> Result<(), ArtifactError> {
    let io = |source| ArtifactError::Io { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        let file = entry.path();
        let unpackable = |why| ArtifactError::Unpackable { path: file.clone(), why };
        let name = entry.file_name();
        let Some(name) = name.to_str() else { return Err(unpackable("its name is no UTF-8")) };
        let path = format!("{prefix}{name}");
        if atomic::is_partial(name) || recording::REPLAYED.contains(&path.as_str()) {
            continue;
        }
        if let Some(why) = archive::path_fault(&path) {
            return Err(unpackable(why));
        }
        if recording::is_replayed(&path) {
            return Err(unpackable("is called as what loading puts there"));
        }
        let kind = entry.file_type().map_err(io)?;
        if kind.is_dir() {
            walk(&file, &format!("{path}/"), limits, found)?;
        } else if kind.is_file() {
            if found.len() == limits.files {
                let limit = limits.files as u64;
                return Err(ArtifactError::TooLarge { path: dir.to_owned(), what: "more files", limit });
            }
            found.push(source(path, file)?);
        } else if kind.is_symlink() {
            return Err(unpackable("is a link"));
        } else {
            return Err(unpackable("is no plain file"));
        }
    }
    Ok(())
}

fn source(path: String, file: PathBuf) -> Result<Source, ArtifactError> {
    let io = |source| ArtifactError::Io { path: file.clone(), source };
    let mut opened = File::open(&file).map_err(io)?;
    let metadata = opened.metadata().map_err(io)?;
    let (length, changed) = (metadata.len(), changed(&metadata));
    let mended_after =
        if path == recording::METRICS { ending::missing(&mut opened, length).map_err(io)? } else { None };
    Ok(Source { path, file, length, changed, text: None, mended_after })
}
