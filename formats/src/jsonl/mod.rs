//! JSONL: one JSON record a line, appended, each written whole.
//!
//! Writing: [`Writer`] puts records into a file, flushes, and rotates; [`Appender`] does so on a thread of its own. Reading: [`input`] makes one stream of
//! bytes out of a path, whatever its compression; [`Blocks`] cuts it into runs of whole lines, for readers that
//! look at bytes; [`records`] makes typed records of them, for readers that want these; [`index`] puts
//! lines into another order.

pub mod input;
mod blocks;
mod records;
pub mod index;
pub mod segments;
mod options;
mod observer;
mod pending;
mod current;
mod closing;
mod writer;
mod queue;
mod appender;

pub use appender::{Appender, AppenderOptions, Counts, Refused, write_line};
pub use blocks::{Block, Blocks, Taken};
pub use observer::{FileEvent, Observer};
pub use options::{Fsync, Rotation, WriterOptions};
pub use records::{ReadWarning, Records, newer_format, records};
pub use writer::Writer;

use std::{io, path::PathBuf};

use crate::FORMAT_VERSION;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be opened, or reading it failed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is longer than any record.
    #[error("{path}:{line}: the line is longer than {limit} bytes", path = path.display())]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The most that a line may have.
        limit: usize,
    },
    /// A line is no record of the kind that was expected.
    #[error("{path}:{line}: {source}", path = path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line is of a version that this program does not know.
    #[error("{path}:{line}: format version {found}; this program reads up to {FORMAT_VERSION}", path = path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Its version.
        found: u32,
    },
}

#[cfg(test)]
mod tests;
