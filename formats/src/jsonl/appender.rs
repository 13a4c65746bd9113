//! A [`Writer`] on a thread of its own, behind a bounded queue, so that those who have something to write wait
//! for the disk only if the queue is full, and then not for ever.

use std::{
    cell::RefCell,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Fsync, Writer,
    queue::{Found, Queue, Run},
};

/// Items are taken in runs, so long after each other: waking a thread costs more than writing a record does.
const GATHER: Duration = Duration::from_millis(20);
/// How often a disk that refuses is tried.
const RETRY: Duration = Duration::from_millis(200);
/// Room for a line of that size is kept for the next.
const KEPT: usize = 1 << 20;

thread_local! {
    /// Where a record becomes a line.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How much waits, and how long.
#[derive(Debug, Clone, Copy)]
pub struct AppenderOptions {
    /// The queue's length, in records.
    pub capacity: usize,
    /// How long a record waits for room in the queue before it is refused. Once one has waited in vain, those after
    /// it do not wait until there is room again: a disk that hangs does not slow everything down for ever.
    pub patience: Duration,
}

impl Default for AppenderOptions {
    /// 8,192 records, 100 ms.
    fn default() -> Self {
        Self { capacity: 8_192, patience: Duration::from_millis(100) }
    }
}

/// What became of the records so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken over by the writer.
    pub written: u64,
    /// Refused, because the queue stayed full.
    pub refused: u64,
    /// Lost, because the disk refused for too long or the record was no JSON.
    pub lost: u64,
    /// Of the lost ones, those that the disk had not taken when the appender was closed.
    pub unwritten: u64,
}

/// The queue stayed full, or the appender is closed: the record was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue to the file stayed full")]
pub struct Refused;

#[derive(Debug, Default)]
struct Counters {
    written: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    unwritten: AtomicU64,
}

/// A file that is appended to from anywhere. With each item of lines goes a `T`.
#[derive(Debug)]
pub struct Appender<T> {
    queue: Arc<Queue<T>>,
    thread: Mutex<Option<JoinHandle<io::Result<()>>>>,
    counters: Arc<Counters>,
}

impl<T: Send + 'static> Appender<T> {
    /// Starts the thread. `write` hands the lines of one item to the writer. How the file is doing, the writer's observer
    /// is told.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn spawn(
        name: &str,
        writer: Writer,
        options: AppenderOptions,
        write: impl FnMut(T, &[u8], &mut Writer) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(options));
        let counters = Arc::new(Counters::default());
        let worker = Worker {
            queue: Arc::clone(&queue),
            run: Run::default(),
            writer,
            write,
            counters: Arc::clone(&counters),
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || worker.run())?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), counters })
    }

    /// Hands a record over; waits for room, up to the appender's patience.
    ///
    /// # Errors
    /// If there was no room in that time, or there is none still.
    pub fn send<R: Serialize + ?Sized>(&self, item: T, record: &R) -> Result<(), Refused> {
        self.send_by(item, |line| write_line(line, record))
    }

    /// The same, for a record that writes its own line, with its end.
    ///
    /// # Errors
    /// As [`Appender::send`].
    pub fn send_by(
        &self,
        item: T,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<(), Refused> {
        LINE.with_borrow_mut(|line| {
            line.clear();
            if write(line).is_err() {
                self.counters.lost.fetch_add(1, Ordering::Relaxed);
                return Err(Refused);
            }
            let sent = self.send_lines(item, line);
            if line.capacity() > KEPT {
                *line = Vec::new();
            }
            sent
        })
    }

    /// Hands lines over, with their ends; waits for room, up to the appender's patience.
    ///
    /// # Errors
    /// If there was no room in that time, or there is none still.
    pub fn send_lines(&self, item: T, lines: &[u8]) -> Result<(), Refused> {
        self.count(self.queue.push(item, lines))
    }

    /// Hands lines over, with their ends, if there is room now.
    ///
    /// # Errors
    /// If there is none.
    pub fn try_send_lines(&self, item: T, lines: &[u8]) -> Result<(), Refused> {
        self.count(self.queue.try_push(item, lines))
    }

    fn count(&self, sent: Result<(), Refused>) -> Result<(), Refused> {
        if sent.is_err() {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// What became of the records so far.
    pub fn counts(&self) -> Counts {
        Counts {
            written: self.counters.written.load(Ordering::Relaxed),
            refused: self.counters.refused.load(Ordering::Relaxed),
            lost: self.counters.lost.load(Ordering::Relaxed),
            unwritten: self.counters.unwritten.load(Ordering::Relaxed),
        }
    }

    /// Takes no more, writes all that was taken, and closes the file. A second call does nothing.
    ///
    /// # Errors
    /// If the disk refuses the last records.
    pub fn close(&self) -> io::Result<()> {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that writes the file has panicked")),
        }
    }
}

impl<T> Drop for Appender<T> {
    fn drop(&mut self) {
        // The thread writes what it has, and ends.
        self.queue.close();
    }
}

/// Adds a record and the end of its line.
///
/// # Errors
/// If it can't be written as JSON; nothing is added then.
pub fn write_line<R: Serialize + ?Sized>(lines: &mut Vec<u8>, record: &R) -> io::Result<()> {
    let start = lines.len();
    // It looks at many bytes of a text at once, which serde_json does not: for a flow, half the instructions.
    if let Err(e) = sonic_rs::to_writer(&mut *lines, record) {
        lines.truncate(start);
        return Err(io::Error::other(e));
    }
    lines.push(b'\n');
    Ok(())
}

struct Worker<T, W> {
    queue: Arc<Queue<T>>,
    /// Empty, but for the time that it takes to write it.
    run: Run<T>,
    writer: Writer,
    write: W,
    counters: Arc<Counters>,
}

impl<T, W> Worker<T, W>
where
    W: FnMut(T, &[u8], &mut Writer) -> io::Result<()>,
{
    fn run(mut self) -> io::Result<()> {
        // Nothing waits for the disk until the first item comes; from then on, at most one interval.
        loop {
            // If nothing comes, the disk is tried again, or a file is old enough to be closed.
            let retry = self.writer.is_faulty().then_some(RETRY);
            match self.queue.wait(retry.or(self.writer.until_rotation())) {
                Found::Items => self.gather(),
                Found::Nothing => {}
                Found::Closed => break,
            }
            // What the disk refuses is told by the writer, and tried again.
            drop(self.writer.sync());
        }
        self.writer.close().map_err(|(records, error)| {
            self.counters.written.fetch_sub(records, Ordering::Relaxed);
            self.counters.lost.fetch_add(records, Ordering::Relaxed);
            self.counters.unwritten.fetch_add(records, Ordering::Relaxed);
            error
        })
    }

    /// Takes what is there, and what comes within the interval.
    fn gather(&mut self) {
        let options = self.writer.options();
        if options.fsync == Fsync::Always {
            return self.take();
        }
        let due = Instant::now() + options.flush_interval;
        loop {
            self.take();
            let left = due.saturating_duration_since(Instant::now());
            let closed = self.queue.gather(left.min(GATHER));
            if closed || left.is_zero() {
                return;
            }
        }
    }

    /// Takes what is in the queue now: what comes meanwhile does not keep it from the disk.
    fn take(&mut self) {
        self.queue.take(&mut self.run);
        let Self { queue, run, writer, write, counters } = self;
        run.drain(|item, lines| {
            let written = write(item, lines, writer);
            let counter = if written.is_ok() { &counters.written } else { &counters.lost };
            counter.fetch_add(1, Ordering::Relaxed);
            queue.written();
        });
    }
}
