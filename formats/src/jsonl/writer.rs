//! Appends records to a file, and starts a new one when it has grown large.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread::JoinHandle,
};

use serde::Serialize;

use super::segments;
use crate::atomic::AtomicFile;

/// Records are handed to the system in runs of about this many bytes, and at every [`Writer::flush`].
const RUN: usize = 1 << 16;
/// What a disk that refuses may leave in memory before records are lost.
const BACKLOG: usize = 16 << 20;
const ZSTD_LEVEL: i32 = 3;

/// When a file is closed and a new one begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A file of at least this many bytes is closed.
    pub segment_bytes: u64,
    /// The closed segments together may have this many bytes on the disk; then the oldest is deleted.
    pub total_bytes: u64,
}

impl Default for Rotation {
    /// Segments of 256 MiB, 16 GiB in all.
    fn default() -> Self {
        Self { segment_bytes: 256 << 20, total_bytes: 16 << 30 }
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriterOptions {
    /// When to start a new file; never, if none.
    pub rotation: Option<Rotation>,
}

/// A JSONL file that is written. A record goes to the system in one write, whole, alone or with others: whatever
/// ends the process, a reader finds at most one torn line, the last.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    pending: Vec<u8>,
    /// Where in the file the pending bytes will stand.
    written: u64,
    rotation: Option<Rotation>,
    compressing: Option<JoinHandle<io::Result<()>>>,
    /// Segments that the cap on the total deleted.
    deleted: u64,
}

impl Writer {
    /// Opens a file to append to it, and makes it, readable by its owner only, where there is none.
    ///
    /// # Errors
    /// If the file can't be opened for writing, or its end can't be read.
    pub fn append(path: &Path, options: WriterOptions) -> io::Result<Self> {
        let mut file = open(path)?;
        // Only a regular file has an end to look at, and can be closed under another name.
        let regular = file.metadata()?.is_file();
        let written = if regular { file.seek(SeekFrom::End(0))? } else { 0 };
        let mut pending = Vec::new();
        if regular && written > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != [b'\n'] {
                pending.push(b'\n'); // A crash tore the last line; the next one is not to suffer for it.
            }
        }
        let rotation = options.rotation.filter(|_| regular);
        Ok(Self { path: path.to_owned(), file, pending, written, rotation, compressing: None, deleted: 0 })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many closed segments were deleted to stay under the cap on the total.
    pub fn deleted_segments(&self) -> u64 {
        self.deleted
    }

    /// Adds a record. A disk that refuses does not lose it at once: up to 16 MiB wait for the next try, and
    /// [`Writer::flush`] tells.
    ///
    /// # Errors
    /// If this record is lost, because it can't be written as JSON or because too much waits for the disk.
    pub fn write<T: Serialize + ?Sized>(&mut self, record: &T) -> io::Result<()> {
        self.make_room()?;
        let start = self.pending.len();
        if let Err(e) = serde_json::to_writer(&mut self.pending, record) {
            self.pending.truncate(start);
            return Err(e.into());
        }
        self.pending.push(b'\n');
        Ok(())
    }

    /// Adds lines that are written already, with their ends: for files of lines that are not JSON. A file is never
    /// closed between them.
    ///
    /// # Errors
    /// If they are lost, because too much waits for the disk.
    pub fn write_lines(&mut self, lines: &str) -> io::Result<()> {
        self.make_room()?;
        self.pending.extend_from_slice(lines.as_bytes());
        Ok(())
    }

    fn make_room(&mut self) -> io::Result<()> {
        match self.pending.len() {
            0..RUN => Ok(()),
            waiting => self.flush().or_else(|e| if waiting >= BACKLOG { Err(e) } else { Ok(()) }),
        }
    }

    /// Hands everything to the system, and starts a new file if this one is full.
    ///
    /// # Errors
    /// If the disk refuses, or the full file can't be put aside.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            match self.file.write(&self.pending) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.written += n as u64;
                    self.pending.drain(..n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        match self.rotation {
            Some(rotation) if self.written >= rotation.segment_bytes => self.rotate(rotation),
            _ => Ok(()),
        }
    }

    /// Flushes, and waits for what is still being compressed.
    ///
    /// # Errors
    /// As [`Writer::flush`], or if a segment could not be compressed; it is then there uncompressed.
    pub fn close(mut self) -> io::Result<()> {
        self.flush()?;
        self.join()
    }

    fn rotate(&mut self, rotation: Rotation) -> io::Result<()> {
        self.join()?; // One at a time: a disk that can't keep up slows the writer down, and memory stays flat.
        let mut closed = segments::list(&self.path)?;
        let number = closed.keys().next_back().map_or(1, |last| last + 1);
        let segment = segments::closed(&self.path, number);
        fs::rename(&self.path, &segment)?;
        self.file = open(&self.path)?;
        self.written = 0;

        let mut total = 0;
        closed.insert(number, segment.clone());
        for path in closed.values().rev() {
            total += fs::metadata(path)?.len();
            if total > rotation.total_bytes && *path != segment {
                fs::remove_file(path)?;
                self.deleted += 1;
            }
        }
        self.compressing = Some(std::thread::spawn(move || compress(&segment)));
        Ok(())
    }

    fn join(&mut self) -> io::Result<()> {
        match self.compressing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that compresses segments has panicked")),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        drop(self.flush());
        drop(self.join());
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut open = OpenOptions::new();
    open.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path)
}

fn compress(segment: &Path) -> io::Result<()> {
    let target = AtomicFile::create(&segments::compressed(segment))?;
    let mut encoder = zstd::Encoder::new(target, ZSTD_LEVEL)?;
    io::copy(&mut File::open(segment)?, &mut encoder)?;
    encoder.finish()?.commit()?;
    fs::remove_file(segment)
}
