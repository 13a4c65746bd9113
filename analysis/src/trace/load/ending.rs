//! The far end of the pipeline, where everything comes in the order of the files: chunks go to the sink, faults become
//! errors and warnings.

use std::path::Path;

use super::{
    LoadError, Warning,
    chunk::{Chunk, Full, Sink},
    lines::{Fault, LONGEST, Parsed},
};
use crate::trace::oddity::{Oddity, Place};

/// What is known of a file while it is put together.
#[derive(Default)]
struct FileState {
    spans: usize,
    first_fault: Option<Fault>,
}

/// Where everything comes in order.
pub(super) struct Ending<'s> {
    sink: &'s mut dyn Sink,
    state: FileState,
    warnings: Vec<Warning>,
}

impl<'s> Ending<'s> {
    pub(super) fn of(sink: &'s mut dyn Sink) -> Self {
        Self { sink, state: FileState::default(), warnings: Vec::new() }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    pub(super) fn lines(&mut self, path: &Path, mut parsed: Parsed) -> Result<(), LoadError> {
        if self.state.spans == 0 && parsed.chunk.read == 0 {
            // A whole block without a span, or a last line that is not even the beginning of one.
            let torn = parsed.torn.as_ref().filter(|torn| !torn.cut_off);
            if let Some(fault) = parsed.first_fault.as_ref().or(torn) {
                return Err(not_a_trace(path, fault));
            }
        }
        parsed.chunk.oddities.add(Oddity::UnreadableLine, parsed.unreadable);
        if let Some(fault) = &parsed.first_fault {
            parsed.chunk.oddities.place(Oddity::UnreadableLine, at_line(fault.line));
        }
        if let Some(torn) = parsed.torn {
            parsed.chunk.oddities.add_at(Oddity::TornLine, at_line(torn.line));
            let what = "the last line is torn, as a crash leaves it; it was left out".to_owned();
            self.warn(path, Some(torn.line), what);
        }
        if self.state.first_fault.is_none() {
            self.state.first_fault = parsed.first_fault;
        }
        self.spans(path, parsed.chunk)
    }

    /// A line that was left out for its length.
    pub(super) fn long(&mut self, path: &Path, line: u64) -> Result<(), LoadError> {
        self.odd(path, Oddity::UnreadableLine, at_line(line))?;
        if self.state.first_fault.as_ref().is_none_or(|first| line < first.line) {
            let reason = format!("it is longer than {} MiB", LONGEST >> 20);
            self.state.first_fault = Some(Fault { line, reason, cut_off: false });
        }
        Ok(())
    }

    pub(super) fn spans(&mut self, path: &Path, mut chunk: Chunk) -> Result<(), LoadError> {
        chunk.oddities.in_file(path);
        self.state.spans += chunk.read;
        self.sink.add(chunk).map_err(|full| match full {
            Full::TooMany => LoadError::TooMany { path: path.to_owned() },
            Full::Disk(error) => LoadError::Disk(error),
        })
    }

    pub(super) fn broken(&mut self, path: &Path, fault: Fault) -> Result<(), LoadError> {
        if self.state.spans == 0 && !fault.cut_off {
            return Err(not_a_trace(path, &fault));
        }
        let what = format!("can't be read any further: {}; what came before it was taken", fault.reason);
        self.warn(path, Some(fault.line), what);
        self.odd(path, Oddity::BrokenDocument, at_line(fault.line))
    }

    /// The end of a file.
    pub(super) fn file(&mut self, path: &Path, cut_short: bool) -> Result<(), LoadError> {
        let state = std::mem::take(&mut self.state);
        if let Some(fault) = state.first_fault {
            if state.spans == 0 {
                return Err(not_a_trace(path, &fault));
            }
            self.warn(path, Some(fault.line), format!("is no span and was left out: {}", fault.reason));
        }
        if cut_short {
            let what = "the compressed file ends before its end; what could be read was taken";
            self.warn(path, None, what.to_owned());
            self.odd(path, Oddity::CutShort, Place::default())?;
        }
        Ok(())
    }

    /// Counts something odd that belongs to no span.
    fn odd(&mut self, path: &Path, kind: Oddity, place: Place) -> Result<(), LoadError> {
        let mut chunk = Chunk::default();
        chunk.oddities.add_at(kind, place);
        self.spans(path, chunk)
    }

    fn warn(&mut self, path: &Path, line: Option<u64>, what: String) {
        self.warnings.push(Warning { path: path.to_owned(), line, what });
    }
}

fn at_line(line: u64) -> Place {
    Place { line: Some(line), ..Place::default() }
}

fn not_a_trace(path: &Path, fault: &Fault) -> LoadError {
    LoadError::NotATrace { path: path.to_owned(), line: fault.line, reason: fault.reason.clone() }
}
