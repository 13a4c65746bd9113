//! Spans into the JSONL trace file. The queue is the file's own: a dead collector delays nothing here.
//!
//! Each thread leaves its lines on a shelf of its own, so that threads do not wait for each other over every span; the writer's
//! queue holds but one note for each shelf that has something. Where a shelf is full, spans go through the queue one by one,
//! which waits and refuses as it does for every file.

use std::{
    fmt, io, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use glyph_formats::{
    Span,
    jsonl::{Appender, AppenderOptions, Refused, Writer},
};
use memchr::{memchr, memchr_iter, memrchr};
use prometheus_client::metrics::counter::Counter;

use super::{Metrics, SpanCounts};

/// The label of this way out in `glyph_trace_spans_total`.
const EXPORTER: &str = "file";
const SHELVES: usize = 8;
/// How many spans have room on a shelf.
const SHELF: usize = 2_048;
/// The writer gets lines in runs about as long as this, so that it can begin a new file between them.
const RUN: usize = 1 << 16;
/// A shelf that has grown beyond this is not kept.
const KEPT: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct FileSpans {
    appender: Appender<Item>,
    shelves: [Arc<Shelf>; SHELVES],
    tally: Arc<Tally>,
}

/// What goes with the lines of an item.
enum Item {
    /// They are on this shelf.
    OnShelf(Arc<Shelf>),
    /// They are the item's own.
    Alone,
    /// They are the item's own, and take room elsewhere until they are written.
    Received(Received),
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Item")
    }
}

/// What is given back when lines are written, by being dropped.
pub(super) type Received = Box<dyn Send>;

/// What became of spans.
#[derive(Debug)]
struct Tally {
    written: AtomicU64,
    dropped: AtomicU64,
    exported_metric: Counter,
    dropped_metric: Counter,
}

impl Tally {
    fn count(&self, spans: u64, written: bool) {
        let (count, metric) = match written {
            true => (&self.written, &self.exported_metric),
            false => (&self.dropped, &self.dropped_metric),
        };
        count.fetch_add(spans, Ordering::Relaxed);
        metric.inc_by(spans);
    }
}

/// Lines that wait for the writer.
#[derive(Debug, Default)]
struct Shelf {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    spans: usize,
}

impl Shelf {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which shelf is this thread's.
fn place() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHELVES;
    }
    PLACE.with(|place| *place)
}

impl FileSpans {
    pub(super) fn start(writer: Writer, metrics: &Metrics) -> io::Result<Self> {
        metrics.exporter_known(EXPORTER);
        let tally = Arc::new(Tally {
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            exported_metric: metrics.span_counter(EXPORTER, "exported"),
            dropped_metric: metrics.span_counter(EXPORTER, "dropped"),
        });
        let counted = Arc::clone(&tally);
        let mut taken = Lines::default();
        let write = move |item: Item, line: &[u8], writer: &mut Writer| match item {
            Item::OnShelf(shelf) => {
                mem::swap(&mut taken, &mut *shelf.lines());
                let written = write_runs(&taken.bytes, writer, &counted);
                if taken.bytes.capacity() > KEPT {
                    taken = Lines::default();
                }
                taken.bytes.clear();
                taken.spans = 0;
                written
            }
            Item::Alone => write_runs(line, writer, &counted),
            Item::Received(room) => {
                let written = write_runs(line, writer, &counted);
                drop(room);
                written
            }
        };
        let appender = Appender::spawn("trace-file", writer, AppenderOptions::default(), write)?;
        Ok(Self { appender, shelves: Default::default(), tally })
    }

    pub(super) fn take(&self, span: &Span) {
        let shelf = &self.shelves[place()];
        let mut lines = shelf.lines();
        if lines.spans >= SHELF {
            drop(lines);
            if self.appender.send_by(Item::Alone, |line| span.write_line(line)).is_err() {
                self.tally.count(1, false);
            }
            return;
        }
        let begin = lines.bytes.len();
        if span.write_line(&mut lines.bytes).is_err() {
            lines.bytes.truncate(begin);
            return self.tally.count(1, false);
        }
        lines.spans += 1;
        let is_first = lines.spans == 1;
        drop(lines);
        if is_first && self.appender.send_lines(Item::OnShelf(Arc::clone(shelf)), b"").is_err() {
            // Nobody comes for them.
            let lost = mem::take(&mut *shelf.lines());
            self.tally.count(lost.spans as u64, false);
        }
    }

    /// Takes all of these lines, or none if there is no room for them now. Waits for nobody.
    pub(super) fn receive(&self, lines: &[u8], room: Received) -> Result<(), Refused> {
        self.appender.try_send_lines(Item::Received(room), lines)
    }

    pub(super) fn counts(&self) -> SpanCounts {
        // What was taken over, and was not on the disk in the end.
        let unwritten = self.appender.counts().unwritten;
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SpanCounts {
            written: count(&self.tally.written).saturating_sub(unwritten),
            dropped: count(&self.tally.dropped) + unwritten,
        }
    }

    pub(super) fn close(&self) -> io::Result<()> {
        self.appender.close()
    }
}

/// Hands lines to the writer, and counts what becomes of them.
fn write_runs(mut lines: &[u8], writer: &mut Writer, tally: &Tally) -> io::Result<()> {
    let mut result = Ok(());
    while !lines.is_empty() {
        let within = &lines[..lines.len().min(RUN)];
        // A line can be longer than a run.
        let end = memrchr(b'\n', within).or_else(|| memchr(b'\n', lines)).map_or(lines.len(), |at| at + 1);
        let (run, rest) = lines.split_at(end);
        let written = writer.write_lines(run);
        tally.count(memchr_iter(b'\n', run).count() as u64, written.is_ok());
        result = result.and(written);
        lines = rest;
    }
    result
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, thread};

    use glyph_formats::jsonl::WriterOptions;

    use super::*;
    use crate::telemetry::{TraceContext, spare};

    fn span() -> Box<Span> {
        spare::take(TraceContext::root(1.0), "test")
    }

    #[test]
    fn spans_of_many_threads_are_each_a_line_and_more_than_have_room_at_once() {
        const EACH: usize = 3 * SHELF;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("traces.jsonl");
        let writer = Writer::append(&path, WriterOptions::default()).unwrap();
        let file = FileSpans::start(writer, &Metrics::default()).unwrap();
        let threads = SHELVES + 2;
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..EACH).for_each(|_| file.take(&span())));
            }
        });
        file.close().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let ids: BTreeSet<_> =
            text.lines().map(|line| serde_json::from_str::<Span>(line).unwrap().span_id).collect();
        let counts = file.counts();
        assert_eq!(counts.written + counts.dropped, (threads * EACH) as u64);
        assert_eq!((ids.len() as u64, text.lines().count() as u64), (counts.written, counts.written));

        file.take(&span());
        let lost = SpanCounts { dropped: counts.dropped + 1, ..counts };
        assert_eq!(file.counts(), lost, "what comes after the end is lost, and counted");
    }
}
