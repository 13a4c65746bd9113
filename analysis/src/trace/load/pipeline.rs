//! Some threads take blocks of lines in turn and parse them; one puts what came of them in the order of the files.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use glyph_formats::jsonl::{ReadError, input::Progress};

use super::{
    LoadError, Want, Warning,
    chunk::{Chunk, Sink},
    ending::Ending,
    lines::{Fault, Lines, Parsed},
    reader::Reader,
};

/// What goes from the parsers to the end, numbered so that its order can be found again.
pub(super) enum Item {
    /// What came of some lines.
    Lines { file: usize, parsed: Box<Parsed> },
    /// A line that is too long.
    Long { file: usize, line: u64 },
    /// Spans of a document.
    Spans { file: usize, chunk: Box<Chunk> },
    /// Where a document breaks off.
    Broken { file: usize, fault: Fault },
    /// The end of a file, and whether its compression was cut short.
    End { file: usize, cut_short: bool },
    /// Reading failed.
    Failed(ReadError),
}

/// Reads all files into `sink`.
pub(super) fn run(
    files: &[PathBuf],
    want: &Want,
    progress: &Progress,
    sink: &mut dyn Sink,
) -> Result<Vec<Warning>, LoadError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (to_end, items) = bounded(2 * threads);
    let reader = Mutex::new(Reader::new(files, want, progress));
    thread::scope(|scope| {
        for _ in 0..threads {
            let (reader, to_end) = (&reader, to_end.clone());
            scope.spawn(move || parse(reader, want, &to_end));
        }
        // With it gone, each side ends when the other has: on an error the last one leaves first.
        drop(to_end);
        join(files, items, sink)
    })
}

fn join(
    files: &[PathBuf],
    items: Receiver<(u64, Item)>,
    sink: &mut dyn Sink,
) -> Result<Vec<Warning>, LoadError> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut end = Ending::of(sink);
    for (number, item) in items {
        early.insert(number, item);
        while let Some(item) = early.remove(&next) {
            next += 1;
            match item {
                Item::Lines { file, parsed } => end.lines(&files[file], *parsed)?,
                Item::Long { file, line } => end.long(&files[file], line)?,
                Item::Spans { file, chunk } => end.spans(&files[file], *chunk)?,
                Item::Broken { file, fault } => end.broken(&files[file], fault)?,
                Item::End { file, cut_short } => end.file(&files[file], cut_short)?,
                Item::Failed(error) => return Err(error.into()),
            }
        }
    }
    Ok(end.into_warnings())
}

/// Takes lines and parses them, until there are none or nobody wants what comes of them.
fn parse(reader: &Mutex<Reader<'_>>, want: &Want, out: &Sender<(u64, Item)>) {
    let mut lines = Lines::default();
    loop {
        let Ok(read) = reader.lock().unwrap_or_else(PoisonError::into_inner).next(&mut lines, out) else {
            return;
        };
        let Some((number, file, path)) = read else { return };
        let parsed = Box::new(lines.parse(path, want));
        if out.send((number, Item::Lines { file, parsed })).is_err() {
            return;
        }
    }
}
