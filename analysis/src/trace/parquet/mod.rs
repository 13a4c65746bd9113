//! Spans as Parquet, for what one machine can't hold: a folder for each service and hour.
//!
//! In: files of any size. Out: a folder of files `service=…/hour=…/part-0.parquet`, whose columns `schema.rs` lists; the same
//! bytes for the same spans. Not here: reading it, which is DuckDB's, Spark's and others'. The crate `parquet` writes; its
//! own columns do for this, so that none of arrow comes in, and none of the internet that polars' feature brings.
//!
//! Spans come trace by trace, since self time and critical path take whole traces, and go to many files at once. What waits
//! to be written is bounded in bytes; files are open only while something is added to them.

mod rows;
mod schema;
mod place;
mod files;

use std::{io, path::PathBuf};

use glyph_formats::jsonl::input::Progress;

use self::{files::Files, rows::Figures};
use super::{
    Traces,
    filter::Filter,
    group::{Grouping, Key, LEFT_OUT, Value},
    load::{Keep, LoadError, Sources, Warning},
    oddity::Oddities,
    sorted::Whole,
};
use crate::trace;

/// The spans of files, sorted by trace and ready to be written.
#[derive(Debug)]
pub struct Sorted {
    spans: trace::Sorted,
    /// How many bytes may wait to be written.
    waiting: u64,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many spans.
    pub spans: u64,
    /// In how many files.
    pub files: u64,
    /// Of how many bytes together.
    pub bytes: u64,
    /// What is odd about the spans and their trees.
    pub oddities: Oddities,
}

/// Why spans could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A temporary file can't be read.
    #[error("the spans can't be read back from their temporary file")]
    Temporary(#[from] io::Error),
    /// A file can't be written.
    #[error("{path}: can't be written", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file can't be encoded.
    #[error("{path}: can't be encoded", path = path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// There are too many services and hours.
    #[error("there would be files for more than {} services and hours in which spans start", files::MOST)]
    TooMany,
    /// It was stopped.
    #[error("interrupted")]
    Interrupted,
}

impl Sorted {
    /// Reads files, whatever their size: what does not fit `memory` bytes goes to temporary files. Only those spans are
    /// written that meet `filter`; self time and critical path are found in whole traces.
    ///
    /// # Errors
    /// As [`crate::trace::load()`]; also if a temporary file can't be written.
    pub fn read(
        sources: &Sources,
        filter: Option<Filter>,
        memory: u64,
        progress: &Progress,
    ) -> Result<Self, LoadError> {
        // One part of them is read back, and parts of many files wait.
        let (most, waiting) = (memory / 2, memory / 4);
        let grouping = Grouping::by(&[Key::Name]).only(filter);
        let spans = trace::Sorted::read_with(sources, Keep::EVERYTHING, grouping, most, progress)?;
        Ok(Self { spans, waiting })
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        self.spans.warnings()
    }

    /// Whether there are no spans.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// A measure for [`Sorted::write`], which ends early once it is stopped.
    pub fn progress(&self) -> Progress {
        self.spans.progress()
    }

    /// Writes them into the folder `dir`, which must be there and empty.
    ///
    /// # Errors
    /// If a temporary file can't be read or a file can't be written; what was written until then is still there.
    pub fn write(self, dir: PathBuf, progress: &Progress) -> Result<Written, WriteError> {
        let mut files = Files::new(dir, self.waiting)?;
        let mut spans = 0;
        let all = self.spans.each(progress, |traces, group, all| {
            let figures = Figures {
                self_ns: traces.self_times(),
                critical_path_ns: traces.critical_path().own_ns,
                depth: traces.tree.depths(),
            };
            for i in in_order(traces).filter(|i| group[*i] != LEFT_OUT) {
                if progress.is_stopped() {
                    return Err(WriteError::Interrupted);
                }
                let code = traces.spans.service[i];
                files.add((code, all.services.text(code)), name(all, group[i]), traces, i, &figures)?;
                spans += 1;
            }
            Ok(())
        })?;
        let done = files.finish()?;
        Ok(Written { spans, files: done.files, bytes: done.bytes, oddities: all.oddities })
    }
}

/// The span name of a group.
fn name(all: &Whole, group: u32) -> &str {
    let mut values = all.groups.values(group as usize, &all.grouping);
    match values.next() {
        Some(Value::Name(code)) => all.names.text(code),
        _ => "",
    }
}

/// All spans, trace after trace, each by start: what is alike stands together.
fn in_order(traces: &Traces) -> impl Iterator<Item = usize> {
    (0..traces.spans.trace_ids().len()).flat_map(|t| {
        let mut spans: Vec<usize> = traces.tree.trace(t).iter().map(|i| *i as usize).collect();
        spans.sort_by_key(|i| traces.spans.start[*i]);
        spans
    })
}

#[cfg(test)]
mod tests;
