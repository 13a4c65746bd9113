//! Directories that are there whole or not at all, and that can be gone on with where an attempt was interrupted.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A directory on its way. Dropped before [`AtomicDir::commit`], it leaves nothing behind, unless it is told to.
#[derive(Debug)]
pub struct AtomicDir {
    target: PathBuf,
    partial: PathBuf,
    left: bool,
    /// Held as long as somebody writes there.
    _lock: Option<File>,
}

impl AtomicDir {
    /// Starts a directory, for its owner only, that will stand at `target`; the folder around it must exist. Where a process was
    /// killed at the same, it begins with what that left.
    ///
    /// # Errors
    /// If something stands at `target`, if another process is at it (`WouldBlock`), or if no directory can be made beside it.
    pub fn resume(target: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let partial = super::partial(target, "")?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&partial) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => own(&partial)?,
            made => made?,
        }
        let lock = lock(&partial)?;
        Ok(Self { target: target.to_owned(), partial, left: false, _lock: lock })
    }

    /// Where the directory stands until it is committed: what is to be in it is written there.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Takes away what an earlier attempt has left, but for plain files of which `keep` says so, by their paths.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn prune(&self, keep: &dyn Fn(&str) -> bool) -> io::Result<()> {
        prune(&self.partial, "", keep)
    }

    /// Leaves it as it is, to be gone on with.
    pub fn leave(&mut self) {
        self.left = true;
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
        self.left = true;
        Ok(())
    }
}

impl Drop for AtomicDir {
    fn drop(&mut self) {
        if !self.left {
            drop(fs::remove_dir_all(&self.partial));
        }
    }
}

/// Makes sure that what is there is a directory of ours: in a folder for all, somebody else may have put it there.
fn own(partial: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(partial)?;
    #[cfg(unix)]
    let is_own = {
        use std::os::unix::fs::MetadataExt;
        let folder = partial.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
        // Whose files are ours, one of them tells.
        let ours = tempfile::tempfile_in(folder)?.metadata()?.uid();
        there.uid() == ours && there.mode() & 0o077 == 0
    };
    #[cfg(not(unix))]
    let is_own = true;
    if there.is_dir() && is_own {
        return Ok(());
    }
    let why = format!("{} is in the way, and not a directory of this user's alone", partial.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// Keeps others away from it. Where a system has no locks for directories, nobody is.
fn lock(partial: &Path) -> io::Result<Option<File>> {
    if cfg!(not(unix)) {
        return Ok(None);
    }
    let dir = File::open(partial)?;
    match dir.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Who held the lock before may just have put it in its place.
        let (held, there) = (dir.metadata()?, fs::symlink_metadata(partial)?);
        if (held.dev(), held.ino()) != (there.dev(), there.ino()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    Ok(Some(dir))
}

fn prune(dir: &Path, prefix: &str, keep: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name();
        let name = name.to_str().map(|name| format!("{prefix}{name}"));
        match name {
            Some(name) if kind.is_dir() && !keep(&name) => {
                prune(&path, &format!("{name}/"), keep)?;
                // Where files were kept in it, it stays.
                drop(fs::remove_dir(&path));
            }
            Some(name) if kind.is_file() && keep(&name) => {}
            _ if kind.is_dir() => fs::remove_dir_all(&path)?,
            _ => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::is_partial;

    #[test]
    fn an_abandoned_directory_leaves_nothing_and_a_finished_one_is_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let partial = AtomicDir::resume(&target).unwrap();
        fs::write(partial.path().join("a"), "half").unwrap();
        let name = partial.path().file_name().unwrap().to_str().unwrap().to_owned();
        assert!(is_partial(&name) && !is_partial("flows.jsonl"), "{name}");
        drop(partial);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        let partial = AtomicDir::resume(&target).unwrap();
        fs::write(partial.path().join("a"), "whole").unwrap();
        partial.commit().unwrap();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "whole");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(AtomicDir::resume(&target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn what_was_left_is_gone_on_with_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let mut first = AtomicDir::resume(&target).unwrap();
        for path in ["keep", "a/keep", "stale", "b/stale"] {
            let path = first.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/passwd", first.path().join("a/link")).unwrap();
            assert_eq!(AtomicDir::resume(&target).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        }
        first.leave();
        drop(first);
        let second = AtomicDir::resume(&target).unwrap();
        second.prune(&|path| ["keep", "a/keep", "a/link", "b"].contains(&path)).unwrap();
        second.commit().unwrap();
        assert!(target.join("keep").is_file() && target.join("a/keep").is_file());
        assert!(!target.join("stale").exists() && !target.join("b").exists());
        assert!(fs::symlink_metadata(target.join("a/link")).is_err(), "no link is ever kept");
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_write_to_is_not_taken() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (target, partial) = (dir.path().join("out"), dir.path().join(".out.partial"));
        fs::create_dir(&partial).unwrap();
        fs::set_permissions(&partial, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(AtomicDir::resume(&target).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        fs::remove_dir(&partial).unwrap();
        std::os::unix::fs::symlink(dir.path(), &partial).unwrap();
        assert_eq!(AtomicDir::resume(&target).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
