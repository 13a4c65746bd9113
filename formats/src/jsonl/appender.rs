//! A [`Writer`] on a thread of its own, behind a bounded queue, so that those who have something to write wait
//! for the disk only if the queue is full, and then not for ever.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError, bounded};

use super::{Fsync, Writer};

/// Items are taken in runs, so long after each other: waking a thread costs more than writing a record does.
const GATHER: Duration = Duration::from_millis(20);
/// How often a disk that refuses is tried.
const RETRY: Duration = Duration::from_millis(200);

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

#[derive(Debug)]
struct Queue<T> {
    items: Sender<T>,
    /// Nothing is sent there: that it is gone wakes the thread.
    _open: Sender<()>,
}

/// A file that is appended to from anywhere.
#[derive(Debug)]
pub struct Appender<T> {
    /// None when it is closed.
    queue: Mutex<Option<Queue<T>>>,
    thread: Mutex<Option<JoinHandle<io::Result<()>>>>,
    counters: Arc<Counters>,
    patience: Duration,
    /// Whether a record has waited in vain, and none has found room since.
    stuck: AtomicBool,
}

impl<T: Send + 'static> Appender<T> {
    /// Starts the thread. `write` hands one item to the writer. How the file is doing, the writer's observer is told.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn spawn(
        name: &str,
        writer: Writer,
        options: AppenderOptions,
        write: impl FnMut(T, &mut Writer) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, items) = bounded(options.capacity);
        let (open, closing) = bounded(0);
        let counters = Arc::new(Counters::default());
        let worker = Worker { items, closing, writer, write, counters: Arc::clone(&counters) };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || worker.run())?;
        Ok(Self {
            queue: Mutex::new(Some(Queue { items: sender, _open: open })),
            thread: Mutex::new(Some(thread)),
            counters,
            patience: options.patience,
            stuck: AtomicBool::new(false),
        })
    }

    /// Hands an item over; waits for room, up to the appender's patience.
    ///
    /// # Errors
    /// If there was no room in that time, or there is none still.
    pub fn send(&self, item: T) -> Result<(), Refused> {
        let sent = self.queue().ok_or(Refused).and_then(|queue| match queue.try_send(item) {
            Ok(()) => {
                self.stuck.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Refused),
            Err(TrySendError::Full(_)) if self.stuck.load(Ordering::Relaxed) => Err(Refused),
            Err(TrySendError::Full(item)) => match queue.send_timeout(item, self.patience) {
                Ok(()) => Ok(()),
                Err(SendTimeoutError::Timeout(_) | SendTimeoutError::Disconnected(_)) => {
                    self.stuck.store(true, Ordering::Relaxed);
                    Err(Refused)
                }
            },
        });
        if sent.is_err() {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// Hands an item over, if there is room now.
    ///
    /// # Errors
    /// If there is none.
    pub fn try_send(&self, item: T) -> Result<(), Refused> {
        let sent = self.queue().ok_or(Refused).and_then(|queue| queue.try_send(item).map_err(|_| Refused));
        if sent.is_err() {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    fn queue(&self) -> Option<Sender<T>> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map(|queue| queue.items.clone())
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
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that writes the file has panicked")),
        }
    }
}

struct Worker<T, W> {
    items: Receiver<T>,
    closing: Receiver<()>,
    writer: Writer,
    write: W,
    counters: Arc<Counters>,
}

impl<T, W> Worker<T, W>
where
    W: FnMut(T, &mut Writer) -> io::Result<()>,
{
    fn run(mut self) -> io::Result<()> {
        // Nothing waits for the disk until the first item comes; from then on, at most one interval.
        loop {
            match self.next() {
                Ok(item) => self.run_of_items(item),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
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

    /// The next item; none, if before it the disk is to be tried again or a file is old enough to be closed.
    fn next(&self) -> Result<T, RecvTimeoutError> {
        let retry = self.writer.is_faulty().then_some(RETRY);
        match retry.or(self.writer.until_rotation()) {
            Some(wait) => self.items.recv_timeout(wait),
            None => self.items.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Takes an item, and those that come within the interval.
    fn run_of_items(&mut self, first: T) {
        self.take(first);
        let options = self.writer.options();
        if options.fsync == Fsync::Always {
            return self.take_waiting();
        }
        let due = Instant::now() + options.flush_interval;
        loop {
            self.take_waiting();
            let left = due.saturating_duration_since(Instant::now());
            let closing = self.closing.recv_timeout(left.min(GATHER)) == Err(RecvTimeoutError::Disconnected);
            if closing || left.is_zero() {
                return;
            }
        }
    }

    /// Takes what is in the queue now: what comes meanwhile does not keep it from the disk.
    fn take_waiting(&mut self) {
        for _ in 0..self.items.len() {
            if let Ok(item) = self.items.try_recv() {
                self.take(item);
            }
        }
    }

    fn take(&mut self, item: T) {
        let written = (self.write)(item, &mut self.writer);
        let counter = if written.is_ok() { &self.counters.written } else { &self.counters.lost };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
