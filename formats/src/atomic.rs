//! Files and directories that are there whole or not at all: written under a temporary name, then renamed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file on its way. Dropped before [`AtomicFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    partial: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Starts a file that will stand at `target`, or where `target` points if it is a link. The folder must exist.
    ///
    /// # Errors
    /// If no file can be made beside `target`, or if something stands there that is no regular file: a device or
    /// a pipe would be gone after the renaming.
    pub fn create(target: &Path) -> io::Result<Self> {
        Self::open(target, OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// As [`AtomicFile::create`], but only the owner may read the file.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn create_private(target: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::open(target, &options)
    }

    fn open(target: &Path, options: &OpenOptions) -> io::Result<Self> {
        let resolved = fs::canonicalize(target);
        let target = resolved.as_deref().unwrap_or(target);
        let partial = partial(target)?;
        match fs::metadata(target) {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file"));
            }
            _ => {}
        }
        let file = options.open(&partial)?;
        Ok(Self { target: target.to_owned(), partial, writer: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Puts the file in its place, over what stood there.
    ///
    /// # Errors
    /// If the last bytes can't be written or the file can't be renamed; then what stood there still does.
    pub fn commit(mut self) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        fs::rename(&self.partial, &self.target)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().map_or(Ok(bytes.len()), |w| w.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // After a commit the name is gone and this finds nothing.
        if let Some(writer) = self.writer.take() {
            drop(writer.into_parts());
        }
        drop(fs::remove_file(&self.partial));
    }
}

/// A directory on its way. Dropped before [`AtomicDir::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicDir {
    target: PathBuf,
    partial: PathBuf,
    committed: bool,
}

impl AtomicDir {
    /// Starts a directory, for its owner only, that will stand at `target`. The folder around it must exist.
    ///
    /// # Errors
    /// If something stands at `target`, or if no directory can be made beside it.
    pub fn create(target: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let partial = partial(target)?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&partial) {
            // What a process of the same number left when it was killed.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_dir_all(&partial)?;
                builder.create(&partial)?;
            }
            made => made?,
        }
        Ok(Self { target: target.to_owned(), partial, committed: false })
    }

    /// Where the directory stands until it is committed: what is to be in it is written there.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Puts the directory in its place.
    ///
    /// # Errors
    /// If something has come to stand there, or the directory can't be renamed.
    pub fn commit(mut self) -> io::Result<()> {
        if fs::symlink_metadata(&self.target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&self.partial, &self.target)?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for AtomicDir {
    fn drop(&mut self) {
        if !self.committed {
            drop(fs::remove_dir_all(&self.partial));
        }
    }
}

/// The name under which a file is written that will stand at `target`.
fn partial(target: &Path) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(format!(".{}.partial", std::process::id()));
    Ok(target.with_file_name(partial))
}

/// Whether a file of that name is what a process left that was killed while it wrote.
pub fn is_partial(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".partial")
}

/// Writes `bytes` to `target`, whole or not at all.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(target)?;
    file.write_all(bytes)?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_file_leaves_what_stood_there() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.json");
        fs::write(&target, "old").unwrap();
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half of the new").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else may lie around");
        write(&target, b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_abandoned_directory_leaves_nothing_and_a_finished_one_is_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let partial = AtomicDir::create(&target).unwrap();
        fs::write(partial.path().join("a"), "half").unwrap();
        let name = partial.path().file_name().unwrap().to_str().unwrap().to_owned();
        assert!(is_partial(&name) && !is_partial("flows.jsonl"), "{name}");
        drop(partial);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        let partial = AtomicDir::create(&target).unwrap();
        fs::write(partial.path().join("a"), "whole").unwrap();
        partial.commit().unwrap();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "whole");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(AtomicDir::create(&target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_device_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("out.json"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let error = write(Path::new("/dev/null"), b"new").unwrap_err();
        assert!(error.to_string().contains("no regular file"), "{error}");
    }
}
