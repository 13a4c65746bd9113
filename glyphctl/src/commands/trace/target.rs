//! A file to be written beside what is printed: refused before anything is read, there whole or not at all.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use glyph_formats::atomic::AtomicFile;

use crate::output::failure::HintExt;

/// The file on its way.
pub(super) struct Target<'a> {
    pub(super) path: &'a Path,
    file: AtomicFile,
}

impl<'a> Target<'a> {
    /// Starts it. `taken` is what must not be written over.
    pub(super) fn create(path: &'a Path, taken: &[PathBuf], hint: &'static str) -> anyhow::Result<Self> {
        let place = place(path);
        if taken.iter().any(|other| self::place(other) == place) {
            bail!("{}: is one of the files to read, or written already", path.display());
        }
        let file = AtomicFile::create(path).with_context(|| format!("{}: can't be written", path.display()));
        Ok(Self { path, file: file.map_err(|e| e.hint(hint))? })
    }

    /// Lets `write` fill it, and puts it in its place. How many bytes it has stands beside what `write` gave.
    pub(super) fn write<T>(
        mut self,
        write: impl FnOnce(&mut AtomicFile) -> io::Result<T>,
    ) -> anyhow::Result<(T, u64)> {
        let what = || format!("{}: can't be written", self.path.display());
        let written = write(&mut self.file).with_context(what)?;
        self.file.flush().with_context(what)?;
        self.file.commit().with_context(what)?;
        let bytes = fs::metadata(self.path).with_context(what)?.len();
        Ok((written, bytes))
    }
}

/// The path without links, also of a file that is not there yet.
fn place(path: &Path) -> Option<PathBuf> {
    let in_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some(fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(in_folder)
}
