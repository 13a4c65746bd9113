//! One thread reads blocks of lines, some parse them, one puts the columns together in the order of the files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use glyph_formats::jsonl::{
    Block, Blocks, ReadError,
    input::{self, Progress},
};

use super::{
    Keep, LoadError, Loaded, Warning,
    chunk::{Chunk, Joined},
    document,
    foreign::{self, Refused},
    found, glyph,
    head::{self, Layout},
};
use crate::trace::oddity::Oddity;

/// What goes from the reader to the parsers and on to the end, numbered so that its order can be found again.
enum Item<T> {
    /// Lines of a file, or what came of them.
    Lines { file: usize, lines: T },
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

/// A block with bytes of its own.
struct Lines {
    first_line: u64,
    bytes: Vec<u8>,
    unterminated: bool,
}

/// What came of a block.
struct Parsed {
    chunk: Chunk,
    /// Lines that are no spans.
    unreadable: u64,
    /// The first of them.
    first_fault: Option<Fault>,
    /// The last line, if it is no span and nothing ends it.
    torn: Option<Fault>,
}

/// Why a line is no span, or a document can't be read on.
#[derive(Debug)]
pub(super) struct Fault {
    line: u64,
    reason: String,
    /// Whether it is the beginning of something that could be a span.
    cut_off: bool,
}

impl Refused {
    /// The fault that it is in a document, whose reading came to that line.
    pub(super) fn at(self, line: u64) -> Fault {
        let reason = match &self {
            Self::Json(error) => bare(error),
            Self::NoSpan(what) => what.clone(),
            Self::NoIds => NO_IDS.to_owned(),
            Self::TooLarge(what) => (*what).to_owned(),
        };
        Fault { line, reason, cut_off: matches!(&self, Self::Json(error) if error.is_eof()) }
    }
}

/// What is said of spans that nothing can tell apart.
const NO_IDS: &str = "there are spans in it, but none with a trace id and a span id";

/// A longer line is no span, and is not held.
const LINE: usize = 64 << 20;

/// What a parser says, without the position in what it saw of the file.
fn bare(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

/// Reads all files.
pub(super) fn run(files: &[PathBuf], keep: Keep, progress: &Progress) -> Result<Loaded, LoadError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (to_parsers, blocks) = bounded(threads);
    let (to_end, parsed) = bounded(threads);
    thread::scope(|scope| {
        scope.spawn(move || read(files, keep, progress, &to_parsers));
        for _ in 0..threads {
            let (blocks, to_end) = (blocks.clone(), to_end.clone());
            scope.spawn(move || parse(files, keep, &blocks, &to_end));
        }
        // With these gone, each side ends when the other has: on an error the last one leaves first.
        drop((blocks, to_end));
        join(files, parsed)
    })
}

fn read(files: &[PathBuf], keep: Keep, progress: &Progress, out: &Sender<(u64, Item<Lines>)>) {
    let mut numbers = 0..;
    let mut send = |item| out.send((numbers.next().unwrap_or(u64::MAX), item)).is_ok();
    for (file, path) in files.iter().enumerate() {
        if let Err(error) = read_file(file, path, keep, progress, &mut send) {
            send(Item::Failed(error));
            return;
        }
    }
}

/// Reads one file, as long as somebody takes its lines.
fn read_file(
    file: usize,
    path: &Path,
    keep: Keep,
    progress: &Progress,
    send: &mut impl FnMut(Item<Lines>) -> bool,
) -> Result<(), ReadError> {
    let (input, layout) = head::look(input::open_counted(path, progress.clone())?);
    if layout == Layout::Document {
        let ended =
            document::read(input, keep, &mut |chunk| send(Item::Spans { file, chunk: Box::new(chunk) }))?;
        if let Some(fault) = ended.broken {
            send(Item::Broken { file, fault });
        }
        send(Item::End { file, cut_short: ended.cut_short });
        return Ok(());
    }
    let mut blocks = Blocks::new(input).leaving_out_longer_than(LINE);
    while let Some(block) = blocks.next_block()? {
        let lines = Lines {
            first_line: block.first_line,
            bytes: block.bytes.to_vec(),
            unterminated: block.unterminated,
        };
        if !send(Item::Lines { file, lines }) {
            return Ok(());
        }
    }
    for line in blocks.left_out() {
        send(Item::Long { file, line: *line });
    }
    send(Item::End { file, cut_short: blocks.cut_short() });
    Ok(())
}

fn parse(
    files: &[PathBuf],
    keep: Keep,
    blocks: &Receiver<(u64, Item<Lines>)>,
    out: &Sender<(u64, Item<Parsed>)>,
) {
    for (number, item) in blocks {
        let item = match item {
            Item::Lines { file, lines } => {
                Item::Lines { file, lines: parse_lines(&files[file], keep, &lines) }
            }
            Item::Long { file, line } => Item::Long { file, line },
            Item::Spans { file, chunk } => Item::Spans { file, chunk },
            Item::Broken { file, fault } => Item::Broken { file, fault },
            Item::End { file, cut_short } => Item::End { file, cut_short },
            Item::Failed(error) => Item::Failed(error),
        };
        if out.send((number, item)).is_err() {
            return;
        }
    }
}

fn parse_lines(path: &Path, keep: Keep, lines: &Lines) -> Parsed {
    let block =
        Block { path, first_line: lines.first_line, bytes: &lines.bytes, unterminated: lines.unterminated };
    let mut parsed = Parsed { chunk: Chunk::new(keep), unreadable: 0, first_fault: None, torn: None };
    for (line, bytes) in block.lines() {
        let Err(fault) = parse_line(line, bytes, &mut parsed.chunk) else { continue };
        if block.may_be_torn(bytes) {
            parsed.torn = Some(fault);
        } else {
            parsed.unreadable += 1;
            parsed.first_fault.get_or_insert(fault);
        }
    }
    parsed
}

fn parse_line(line: u64, bytes: &[u8], chunk: &mut Chunk) -> Result<(), Fault> {
    let said = |reason: String| Fault { line, reason, cut_off: false };
    let text = std::str::from_utf8(bytes).map_err(|e| match found::bytes(bytes) {
        Some(what) => said(what.to_owned()),
        None => Fault {
            line,
            reason: format!("the bytes from column {} are no UTF-8", e.valid_up_to() + 1),
            cut_off: e.error_len().is_none(),
        },
    })?;
    let Err(no_glyph) = glyph::parse_line(text, chunk) else { return Ok(()) };
    let fault = |e: serde_json::Error| Fault {
        line,
        reason: format!("{} (column {})", bare(&e), e.column()),
        cut_off: e.is_eof(),
    };
    foreign::parse_line(text, chunk).map_err(|refused| match refused {
        Refused::Json(error) if error.is_syntax() => {
            found::bytes(bytes).map_or_else(|| fault(error), |what| said(what.to_owned()))
        }
        Refused::Json(error) if error.is_data() => said(bare(&error)),
        Refused::Json(error) => fault(error),
        // Of what looks like a span of glyph's, why it is none says more than that it is none of any kind.
        Refused::NoIds if text.contains("\"trace_id\"") && text.contains("\"span_id\"") => fault(no_glyph),
        refused => refused.at(line),
    })
}

/// What is known of a file while it is put together.
#[derive(Default)]
struct FileState {
    spans: usize,
    first_fault: Option<Fault>,
}

fn join(files: &[PathBuf], parsed: Receiver<(u64, Item<Parsed>)>) -> Result<Loaded, LoadError> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut all = Joined::default();
    let mut warnings = Vec::new();
    let mut state = FileState::default();
    for (number, item) in parsed {
        early.insert(number, item);
        while let Some(item) = early.remove(&next) {
            next += 1;
            match item {
                Item::Lines { file, lines } => {
                    take(&files[file], lines, &mut state, &mut all, &mut warnings)?;
                }
                Item::Long { line, .. } => {
                    all.oddities.add(Oddity::UnreadableLine, 1);
                    if state.first_fault.as_ref().is_none_or(|first| line < first.line) {
                        let reason = format!("it is longer than {} MiB", LINE >> 20);
                        state.first_fault = Some(Fault { line, reason, cut_off: false });
                    }
                }
                Item::Spans { file, chunk } => {
                    state.spans += chunk.len();
                    if !all.add(*chunk) {
                        return Err(LoadError::TooMany { path: files[file].clone() });
                    }
                }
                Item::Broken { file, fault } => {
                    if state.spans == 0 && !fault.cut_off {
                        return Err(not_a_trace(&files[file], &fault));
                    }
                    let path = files[file].clone();
                    all.oddities.add(Oddity::BrokenDocument, 1);
                    let what =
                        format!("can't be read any further: {}; what came before it was taken", fault.reason);
                    warnings.push(Warning { path, line: Some(fault.line), what });
                }
                Item::End { file, cut_short } => {
                    let state = std::mem::take(&mut state);
                    if let Some(fault) = state.first_fault {
                        if state.spans == 0 {
                            return Err(not_a_trace(&files[file], &fault));
                        }
                        let what = format!("is no span and was left out: {}", fault.reason);
                        warnings.push(Warning { path: files[file].clone(), line: Some(fault.line), what });
                    }
                    if cut_short {
                        let what = "the compressed file ends before its end; what could be read was taken";
                        warnings.push(Warning {
                            path: files[file].clone(),
                            line: None,
                            what: what.to_owned(),
                        });
                    }
                }
                Item::Failed(error) => return Err(error.into()),
            }
        }
    }
    let (spans, oddities) = all.into_spans();
    Ok(Loaded { spans, oddities, warnings })
}

fn not_a_trace(path: &Path, fault: &Fault) -> LoadError {
    LoadError::NotATrace { path: path.to_owned(), line: fault.line, reason: fault.reason.clone() }
}

fn take(
    path: &Path,
    parsed: Parsed,
    state: &mut FileState,
    all: &mut Joined,
    warnings: &mut Vec<Warning>,
) -> Result<(), LoadError> {
    state.spans += parsed.chunk.len();
    if state.spans == 0 {
        // A whole block without a span, or a last line that is not even the beginning of one.
        let torn = parsed.torn.as_ref().filter(|torn| !torn.cut_off);
        if let Some(fault) = parsed.first_fault.as_ref().or(torn) {
            return Err(not_a_trace(path, fault));
        }
    }
    all.oddities.add(Oddity::UnreadableLine, parsed.unreadable);
    if let Some(torn) = parsed.torn {
        all.oddities.add(Oddity::TornLine, 1);
        let what = "the last line is torn, as a crash leaves it; it was left out".to_owned();
        warnings.push(Warning { path: path.to_owned(), line: Some(torn.line), what });
    }
    if state.first_fault.is_none() {
        state.first_fault = parsed.first_fault;
    }
    if !all.add(parsed.chunk) {
        return Err(LoadError::TooMany { path: path.to_owned() });
    }
    Ok(())
}
