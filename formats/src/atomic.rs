//! Files and directories that are there whole or not at all: written under a temporary name, then renamed.

mod dir;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

pub use self::dir::AtomicDir;

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
        check(target)?;
        let partial = partial(target, &format!(".{}", std::process::id()))?;
        let file = options.open(&partial)?;
        Ok(Self { target: target.to_owned(), partial, writer: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Adds all that is left to read of another file. The system copies it where it can.
    ///
    /// # Errors
    /// If that can't be read, or not be written.
    pub fn append(&mut self, from: &mut File) -> io::Result<u64> {
        let Some(writer) = &mut self.writer else { return Ok(0) };
        writer.flush()?;
        io::copy(from, writer.get_mut())
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

/// Whether a file can be put there, as far as that can be known without making one.
///
/// # Errors
/// If the path names no file, or something stands there that is no regular file.
pub fn check(target: &Path) -> io::Result<()> {
    partial(target, "")?;
    match fs::metadata(target) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file"))
        }
        _ => Ok(()),
    }
}

/// The name under which a file is written that will stand at `target`, with something that tells it from others'.
fn partial(target: &Path, mark: &str) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(mark);
    partial.push(".partial");
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
