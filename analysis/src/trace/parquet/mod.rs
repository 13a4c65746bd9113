//! Spans as Parquet, for what one machine can't hold: a folder for each service and hour.
//!
//! In: files of any size. Out: a folder of files `service=…/hour=…/part-0.parquet`, whose columns [`schema`] lists; the same
//! bytes for the same spans. Not here: reading it, which is DuckDB's, Spark's and others'. The crate `parquet` writes; its
//! own columns do for this, so that none of arrow comes in, and none of the internet that polars' feature brings.
//!
//! Spans come trace by trace, since self time and critical path take whole traces, and go to many files at once. What waits
//! to be written is bounded in bytes; files are open only while something is added to them.

mod rows;
mod schema;
mod place;
mod files;

use std::{io, path::PathBuf, sync::Arc};

use glyph_formats::jsonl::input::Progress;

use self::{files::Files, rows::Figures};
use super::{
    Traces,
    filter::Filter,
    group::{Grouping, Key, LEFT_OUT, Value},
    load::{self, Keep, LoadError, Sources, Want, Warning},
    oddity::Oddities,
    partitions::Partitions,
};

/// The spans of files, sorted by trace and ready to be written.
#[derive(Debug)]
pub struct Sorted {
    partitions: Partitions,
    warnings: Vec<Warning>,
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
    #[error(
        "there would be more than {} files, one for each service and hour in which spans start",
        files::MOST
    )]
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
        let (spans, waiting) = (memory / 2, memory / 4);
        let grouping = Arc::new(Grouping::by(&[Key::Name]).only(filter));
        let want = Want { keep: Keep::EVERYTHING, rows: Some(Arc::clone(&grouping)), only: None };
        let mut partitions = Partitions::new(grouping, spans);
        let warnings = load::stream(sources, &want, progress, &mut partitions)?;
        Ok(Self { partitions, warnings, waiting })
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether there are no spans.
    pub fn is_empty(&self) -> bool {
        self.partitions.bytes() == 0
    }

    /// A measure for [`Sorted::write`], which ends early once it is stopped.
    pub fn progress(&self) -> Progress {
        Progress::of(Some(self.partitions.bytes()))
    }

    /// Writes them into the folder `dir`, which must be there and empty.
    ///
    /// # Errors
    /// If a temporary file can't be read or a file can't be written; what was written until then is still there.
    pub fn write(mut self, dir: PathBuf, progress: &Progress) -> Result<Written, WriteError> {
        let names = self.names();
        let services = std::mem::take(&mut self.partitions.services);
        let mut files = Files::new(dir, self.waiting);
        let mut spans = 0;
        let oddities = self.partitions.each(progress, |traces, group| {
            let figures = Figures {
                self_ns: traces.self_times(),
                critical_path_ns: traces.critical_path().own_ns,
                depth: traces.tree.depths(),
            };
            for i in in_order(traces) {
                let Some(name) = names.get(group[i] as usize).filter(|_| group[i] != LEFT_OUT) else {
                    continue;
                };
                if progress.is_stopped() {
                    return Err(WriteError::Interrupted);
                }
                let code = traces.spans.service[i];
                files.add((code, services.text(code)), name, traces, i, &figures)?;
                spans += 1;
            }
            Ok(())
        })?;
        let (files, bytes) = files.finish()?;
        Ok(Written { spans, files, bytes, oddities })
    }

    /// The span name of each group.
    fn names(&self) -> Vec<String> {
        let Partitions { groups, grouping, names, .. } = &self.partitions;
        let name = |group| {
            groups.values(group, grouping).find_map(|value| match value {
                Value::Name(code) => Some(names.text(code).to_owned()),
                _ => None,
            })
        };
        (0..groups.len()).map(|group| name(group).unwrap_or_default()).collect()
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
