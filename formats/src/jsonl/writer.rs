//! Appends records to a file, goes on when the disk had refused, and starts a new file when one is large or old.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use serde::Serialize;

use super::{
    FileEvent, Fsync, Observer, Rotation, WriterOptions, closing,
    current::{self, Current},
    pending::Pending,
    write_line,
};

/// Records are handed to the system in runs of about this many bytes, and at every [`Writer::flush`].
const RUN: usize = 1 << 16;
/// What a disk that refuses may leave in memory before records are lost.
const BACKLOG: usize = 16 << 20;
/// How many blanks a disk is tried with: more than a block is on most.
const PROBE: usize = 4_096;

/// A JSONL file that is written. A record goes to the system in one write, whole, alone or with others: whatever
/// ends the process, a reader finds at most one torn line, the last. What the disk refuses is kept and tried again; of
/// a record that it took in part, the rest follows.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    /// None between a file that was put aside or taken away and the next.
    file: Option<Current>,
    pending: Pending,
    options: WriterOptions,
    /// Whether the last try failed.
    faulty: bool,
    compressing: Option<JoinHandle<io::Result<()>>>,
    /// Segments that the cap on the total deleted.
    deleted: u64,
    observer: Option<Arc<dyn Observer>>,
}

impl Writer {
    /// Opens a file to append to it, and makes it, readable by its owner only, where there is none.
    ///
    /// # Errors
    /// If the file can't be opened for writing, or its end can't be read.
    pub fn append(path: &Path, options: WriterOptions) -> io::Result<Self> {
        let mut writer = Self::closed(path, options);
        writer.file = Some(writer.open()?);
        Ok(writer)
    }

    fn closed(path: &Path, options: WriterOptions) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            pending: Pending::default(),
            options,
            faulty: false,
            compressing: None,
            deleted: 0,
            observer: None,
        }
    }

    /// One that writes onto that.
    #[cfg(test)]
    pub(super) fn onto(disk: Box<dyn current::Disk>, options: WriterOptions) -> Self {
        let mut writer = Self::closed(Path::new("a test's disk"), options);
        writer.file = Some(Current::over(disk));
        writer
    }

    /// The same with another disk before its own.
    #[cfg(test)]
    pub(super) fn through(
        mut self,
        wrap: impl FnOnce(Box<dyn current::Disk>) -> Box<dyn current::Disk>,
    ) -> Self {
        if let Some(mut file) = self.file.take() {
            file.disk = wrap(file.disk);
            self.file = Some(file);
        }
        self
    }

    /// Who is told from now on how the file is doing.
    pub fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was opened.
    pub fn options(&self) -> WriterOptions {
        self.options
    }

    /// How many closed segments were deleted to stay under the cap on the total.
    pub fn deleted_segments(&self) -> u64 {
        self.deleted
    }

    /// Whether the last try to write failed: [`Writer::flush`] is to be tried again, with or without new records.
    pub fn is_faulty(&self) -> bool {
        self.faulty
    }

    /// How many records wait to be written.
    pub fn waiting(&self) -> u64 {
        self.pending.records()
    }

    /// How long it is until the file is old enough for a new one; none if that does not depend on time.
    pub fn until_rotation(&self) -> Option<Duration> {
        let limit = self.options.rotation?.segment_age?;
        let file = self.file.as_ref().filter(|file| file.is_regular())?;
        file.age().map(|age| limit.saturating_sub(age))
    }

    /// Adds a record. A disk that refuses does not lose it at once: up to 16 MiB wait for the next try, and
    /// [`Writer::flush`] tells.
    ///
    /// # Errors
    /// If this record is lost, because it can't be written as JSON or because too much waits for the disk.
    pub fn write<T: Serialize + ?Sized>(&mut self, record: &T) -> io::Result<()> {
        self.make_room()?;
        write_line(self.pending.bytes(), record)
    }

    /// Adds lines that are written already, with their ends. A file is never closed between them.
    ///
    /// # Errors
    /// If they are lost, because too much waits for the disk.
    pub fn write_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        self.make_room()?;
        self.pending.bytes().extend_from_slice(lines);
        Ok(())
    }

    /// Adds a record and hands it to the system at once, or else leaves no trace of it: for records whose writer
    /// refuses what they are about when they can't be written.
    ///
    /// # Errors
    /// If the record was not written.
    pub fn write_now<T: Serialize + ?Sized>(&mut self, record: &T) -> io::Result<()> {
        // What could not be taken back from a file earlier goes first.
        if !self.pending.is_empty() {
            self.flush()?;
        }
        self.write(record)?;
        let handed = self.hand_over(self.options.fsync == Fsync::Always);
        if handed.is_err() {
            self.take_back();
            return self.note(handed);
        }
        // The record is there; what else goes wrong is told.
        let rotated = self.rotate_if_due();
        drop(self.note(rotated));
        Ok(())
    }

    /// Whether the disk would take a record again, if the last one was refused: it is tried on blanks, which are taken
    /// back.
    ///
    /// # Errors
    /// If it would not.
    pub fn probe(&mut self) -> io::Result<()> {
        if !self.faulty || !self.pending.is_empty() {
            return self.flush();
        }
        self.pending.bytes().extend_from_slice(&[b' '; PROBE]);
        let tried = self.hand_over(false).and_then(|()| match &mut self.file {
            Some(file) if file.is_regular() => file.take_back(PROBE as u64),
            _ => Ok(()),
        });
        self.take_back();
        self.note(tried)
    }

    /// Takes what is pending back, from the file too; from what is no regular file it can't be, and is to be finished.
    fn take_back(&mut self) {
        let begun = self.pending.begun();
        let cut = match &mut self.file {
            Some(file) if file.is_regular() => file.take_back(begun),
            _ if begun == 0 => Ok(()),
            _ => return,
        };
        if cut.is_ok() {
            self.pending.clear();
        }
    }

    fn make_room(&mut self) -> io::Result<()> {
        match self.pending.len() {
            0..RUN => Ok(()),
            // Who waits for a disk that has refused asks it now and then, not for each record.
            RUN..BACKLOG if self.faulty => Ok(()),
            waiting => self.relieve().or_else(|e| if waiting >= BACKLOG { Err(e) } else { Ok(()) }),
        }
    }

    /// Hands everything to the system, and leaves the disk in peace: the flush that comes asks it once for all.
    fn relieve(&mut self) -> io::Result<()> {
        let flushed = self.try_flush(false);
        self.note(flushed)
    }

    /// Hands everything to the system, and starts a new file if this one is full or old. Where the file is not at its
    /// path any more, it is begun anew there.
    ///
    /// # Errors
    /// If the disk refuses, or the full file can't be put aside.
    pub fn flush(&mut self) -> io::Result<()> {
        let flushed = self.try_flush(self.options.fsync == Fsync::Always);
        self.note(flushed)
    }

    /// [`Writer::flush`], and with fsync at all, waits until everything is on the disk.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub fn sync(&mut self) -> io::Result<()> {
        let flushed = self.try_flush(self.options.fsync != Fsync::Never);
        self.note(flushed)
    }

    fn note(&mut self, result: io::Result<()>) -> io::Result<()> {
        match &result {
            Err(error) if !self.faulty => {
                self.faulty = true;
                self.tell(FileEvent::Failed(error));
            }
            Ok(()) if self.faulty => {
                self.faulty = false;
                self.tell(FileEvent::Recovered);
            }
            _ => {}
        }
        result
    }

    fn try_flush(&mut self, sync: bool) -> io::Result<()> {
        self.hand_over(sync)?;
        self.rotate_if_due()
    }

    fn hand_over(&mut self, sync: bool) -> io::Result<()> {
        // A file is looked after when there is something to write, or when it could not be.
        if (!self.pending.is_empty() || self.faulty)
            && let Some(file) = &self.file
            && !file.is_at(&self.path)?
        {
            self.file = None;
            self.tell(FileEvent::TakenAway);
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let file = self.file.insert(file);
        let (written, result) = self.pending.write_to(&mut file.disk);
        file.add(written);
        result?;
        if sync { file.sync() } else { Ok(()) }
    }

    fn rotate_if_due(&mut self) -> io::Result<()> {
        match (self.options.rotation, &self.file) {
            (Some(rotation), Some(file)) if file.is_due(rotation) => self.rotate(rotation),
            _ => Ok(()),
        }
    }

    /// Flushes, and waits for what is still being compressed. Returns how many records are lost, with the reason.
    ///
    /// # Errors
    /// As [`Writer::flush`], or if a segment could not be compressed; it is then there uncompressed.
    pub fn close(mut self) -> Result<(), (u64, io::Error)> {
        let synced = self.sync();
        let waiting = self.waiting();
        synced.and(self.join()).map_err(|error| (waiting, error))
    }

    fn open(&mut self) -> io::Result<Current> {
        let file = Current::open(&self.path)?;
        if self.options.fsync != Fsync::Never && file.is_regular() {
            current::sync_folder(&self.path)?;
        }
        // The next line is not to suffer for one that a crash has torn; what another file has of ours is gone.
        self.pending.begin_again();
        if file.torn {
            self.pending.bytes().insert(0, b'\n');
        }
        Ok(file)
    }

    fn rotate(&mut self, rotation: Rotation) -> io::Result<()> {
        // One at a time: a disk that can't keep up slows the writer down, and memory stays flat. Whether it could be
        // compressed was told.
        drop(self.join());
        if self.options.fsync != Fsync::Never
            && let Some(file) = &mut self.file
        {
            file.sync()?;
        }
        let segment = closing::put_aside(&self.path)?;
        self.file = None;
        let opened = self.open().map(|file| self.file = Some(file));
        self.tell(FileEvent::Closed);
        let kept = closing::keep_under(&self.path, rotation.total_bytes, &segment).map(|deleted| {
            self.deleted += deleted;
            (0..deleted).for_each(|_| self.tell(FileEvent::Deleted));
        });
        self.compressing = Some(closing::compress(&self.path, segment, self.observer.clone())?);
        opened.and(kept)
    }

    fn join(&mut self) -> io::Result<()> {
        match self.compressing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that compresses segments has panicked")),
        }
    }

    fn tell(&self, event: FileEvent<'_>) {
        if let Some(observer) = &self.observer {
            observer.tell(&self.path, event);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        drop(self.sync());
        drop(self.join());
    }
}
