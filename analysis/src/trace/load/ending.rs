//! The far end of the pipeline, where everything comes in the order of the files: chunks go to the sink, faults become
//! errors and warnings.

use std::path::Path;

use super::{
    LoadError, Warning,
    chunk::{Chunk, Full, Sink},
    lines::{Fault, Parsed},
};
use crate::trace::oddity::Oddity;

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
        if self.state.spans == 0 && parsed.chunk.len() == 0 {
            // A whole block without a span, or a last line that is not even the beginning of one.
            let torn = parsed.torn.as_ref().filter(|torn| !torn.cut_off);
            if let Some(fault) = parsed.first_fault.as_ref().or(torn) {
                let (line, reason) = (fault.line, fault.reason.clone());
                return Err(LoadError::NotATrace { path: path.to_owned(), line, reason });
            }
        }
        parsed.chunk.oddities.add(Oddity::UnreadableLine, parsed.unreadable);
        if let Some(torn) = parsed.torn {
            parsed.chunk.oddities.add(Oddity::TornLine, 1);
            let what = "the last line is torn, as a crash leaves it; it was left out".to_owned();
            self.warn(path, Some(torn.line), what);
        }
        if self.state.first_fault.is_none() {
            self.state.first_fault = parsed.first_fault;
        }
        self.spans(path, parsed.chunk)
    }

    pub(super) fn spans(&mut self, path: &Path, chunk: Chunk) -> Result<(), LoadError> {
        self.state.spans += chunk.len();
        self.sink.add(chunk).map_err(|full| match full {
            Full::TooMany => LoadError::TooMany { path: path.to_owned() },
            Full::Disk(error) => LoadError::Disk(error),
        })
    }

    pub(super) fn broken(&mut self, path: &Path, fault: Fault) -> Result<(), LoadError> {
        if self.state.spans == 0 && !fault.cut_off {
            let path = path.to_owned();
            return Err(LoadError::NotATrace { path, line: fault.line, reason: fault.reason });
        }
        let mut chunk = Chunk::default();
        chunk.oddities.add(Oddity::BrokenDocument, 1);
        let what = format!("can't be read any further: {}; what came before it was taken", fault.reason);
        self.warn(path, Some(fault.line), what);
        self.spans(path, chunk)
    }

    pub(super) fn file(&mut self, path: &Path, cut_short: bool) {
        if let Some(fault) = std::mem::take(&mut self.state).first_fault {
            self.warn(path, Some(fault.line), format!("is no span and was left out: {}", fault.reason));
        }
        if cut_short {
            let what = "the compressed file ends before its end; what could be read was taken";
            self.warn(path, None, what.to_owned());
        }
    }

    fn warn(&mut self, path: &Path, line: Option<u64>, what: String) {
        self.warnings.push(Warning { path: path.to_owned(), line, what });
    }
}
