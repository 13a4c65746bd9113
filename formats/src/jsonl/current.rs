//! The file that is written now: where it is, how much is in it, and whether it is still the one at its path.

use std::{
    fmt,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, SystemTime},
};

use super::Rotation;

/// What takes bytes: a file, or in tests what behaves as a bad one.
pub(super) trait Disk: Write + fmt::Debug + Send {
    /// Returns when all that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Takes back all but the first `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// An open file.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) disk: Box<dyn Disk>,
    /// Which file it is; none for what is no regular file, which has no end to look at and can't be closed under
    /// another name.
    identity: Option<Identity>,
    /// How many bytes are in it.
    pub(super) written: u64,
    /// When the first of them came.
    begun: SystemTime,
    /// Whether it ended within a line when it was opened, as a crash leaves it.
    pub(super) torn: bool,
    /// Whether something was written that may not be on the disk.
    pub(super) unsynced: bool,
}

impl Current {
    /// Opens a file to append to it, and makes it, readable by its owner only, where there is none.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut open = OpenOptions::new();
        open.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let mut file = open.open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Self::over(Box::new(file)));
        }
        let (mut begun, mut torn) = (SystemTime::now(), false);
        let written = file.seek(SeekFrom::End(0))?;
        if written > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            torn = last != [b'\n'];
            begun = metadata.created().or_else(|_| metadata.modified())?;
        }
        let identity = Some(Identity::of(&metadata));
        Ok(Self { identity, written, begun, torn, ..Self::over(Box::new(file)) })
    }

    /// What is no regular file.
    pub(super) fn over(disk: Box<dyn Disk>) -> Self {
        let begun = SystemTime::now();
        Self { disk, identity: None, written: 0, begun, torn: false, unsynced: false }
    }

    /// So many bytes were written.
    pub(super) fn add(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        if self.written == 0 {
            self.begun = SystemTime::now();
        }
        self.written += bytes;
        self.unsynced = true;
    }

    /// Takes back the last so many bytes.
    pub(super) fn take_back(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > 0 {
            self.disk.cut(self.written - bytes)?;
            self.written -= bytes;
        }
        Ok(())
    }

    /// Whether it can be closed under another name.
    pub(super) fn is_regular(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether it stands at that path, with all that was written to it.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        let Some(identity) = &self.identity else { return Ok(true) };
        match fs::metadata(path) {
            Ok(there) => Ok(Identity::of(&there) == *identity && there.len() >= self.written),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Whether it is large or old enough to be closed.
    pub(super) fn is_due(&self, rotation: Rotation) -> bool {
        let old = |limit| self.age().is_some_and(|age| age >= limit);
        let due = self.written >= rotation.segment_bytes || rotation.segment_age.is_some_and(old);
        self.is_regular() && due
    }

    /// How old what is in it is; none if nothing is.
    pub(super) fn age(&self) -> Option<Duration> {
        (self.written > 0).then(|| self.begun.elapsed().unwrap_or_default())
    }

    /// Returns when all that was written is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.disk.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// Has the disk know of files that were made or renamed in the folder of `path`.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder can't be opened.
    if cfg!(unix) {
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl Identity {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Elsewhere an open file can't be taken away.
#[cfg(not(unix))]
#[derive(Debug, PartialEq, Eq)]
struct Identity;

#[cfg(not(unix))]
impl Identity {
    fn of(_: &Metadata) -> Self {
        Self
    }
}
