//! A file of the new directory. What an interrupted attempt left of it is compared, not written again.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::ArtifactError;

/// A file on its way.
pub(super) struct Placed {
    path: PathBuf,
    file: File,
    /// How much was there when it was opened, and is still to be compared.
    there: u64,
    at: u64,
    buffer: Vec<u8>,
}

impl Placed {
    pub(super) fn open(dir: &Path, member: &str) -> Result<Self, ArtifactError> {
        let path = dir.join(member);
        let io = |source| ArtifactError::Io { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(parent).map_err(io)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(io)?;
        let there = file.metadata().map_err(io)?.len();
        Ok(Self { path, file, there, at: 0, buffer: Vec::new() })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.put(bytes).map_err(|source| ArtifactError::Io { path: self.path.clone(), source })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let known = usize::try_from(self.there - self.at).unwrap_or(usize::MAX).min(bytes.len());
        let (old, new) = bytes.split_at(known);
        if !old.is_empty() {
            self.buffer.resize(known, 0);
            self.file.read_exact(&mut self.buffer)?;
            if self.buffer != old {
                // From here on it is something else.
                self.file.seek(SeekFrom::Start(self.at))?;
                self.file.set_len(self.at)?;
                self.there = self.at;
                self.file.write_all(old)?;
                self.there += known as u64;
            }
            self.at += known as u64;
        }
        self.file.write_all(new)?;
        self.at += new.len() as u64;
        self.there = self.there.max(self.at);
        Ok(())
    }

    /// Waits for the disk: when the directory is in its place, its files are whole.
    pub(super) fn finish(self) -> Result<(), ArtifactError> {
        let end = || {
            if self.there > self.at {
                self.file.set_len(self.at)?;
            }
            self.file.sync_data()
        };
        end().map_err(|source| ArtifactError::Io { path: self.path.clone(), source })
    }
}
