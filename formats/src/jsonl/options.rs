//! How a file is written: when it is flushed, what is asked of the disk then, and when a new one is begun.

use std::time::Duration;

/// When a file is closed and a new one begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A file of at least this many bytes is closed.
    pub segment_bytes: u64,
    /// A file that was begun so long ago is closed, if there is anything in it.
    pub segment_age: Option<Duration>,
    /// The closed segments together may have this many bytes on the disk; then the oldest is deleted.
    pub total_bytes: u64,
}

impl Default for Rotation {
    /// Segments of 256 MiB, of any age, 16 GiB in all.
    fn default() -> Self {
        Self { segment_bytes: 256 << 20, segment_age: None, total_bytes: 16 << 30 }
    }
}

/// When what the system has taken is to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// When the system likes: a process that is killed loses nothing by that, a machine that goes down may.
    #[default]
    Never,
    /// After each flush interval in which something was written.
    Interval,
    /// After each flush, and an [`Appender`](super::Appender) flushes whatever it finds in its queue at once.
    Always,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterOptions {
    /// When to start a new file; never, if none.
    pub rotation: Option<Rotation>,
    /// How long a record may wait in an appender's memory for the ones after it. A crash loses no more than that, and
    /// the queue.
    pub flush_interval: Duration,
    /// What is asked of the disk.
    pub fsync: Fsync,
}

impl Default for WriterOptions {
    /// No rotation, 200 ms, no fsync.
    fn default() -> Self {
        Self { rotation: None, flush_interval: Duration::from_millis(200), fsync: Fsync::Never }
    }
}
