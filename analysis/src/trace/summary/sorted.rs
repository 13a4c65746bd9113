//! The way of files of any size to a summary: sorted by trace into parts, each part added up by itself.

use std::sync::Arc;

use glyph_formats::jsonl::input::Progress;

use super::{Summary, figures::Figures, summary};
use crate::trace::{
    group::Grouping,
    load::{self, Keep, LoadError, Sources, Want, Warning},
    partitions::Partitions,
};

/// The spans of files, sorted by trace and ready to be summarised.
#[derive(Debug)]
pub struct Sorted {
    partitions: Partitions,
    warnings: Vec<Warning>,
}

impl Sorted {
    /// Reads files, whatever their size: what does not fit `memory` bytes goes to temporary files.
    ///
    /// # Errors
    /// As [`crate::trace::load()`]; also if a temporary file can't be written.
    pub fn read(
        sources: &Sources,
        grouping: Grouping,
        memory: u64,
        progress: &Progress,
    ) -> Result<Self, LoadError> {
        let grouping = Arc::new(grouping);
        let want = Want { keep: Keep::NOTHING, rows: Some(Arc::clone(&grouping)), only: None };
        let mut partitions = Partitions::new(grouping, memory);
        let warnings = load::stream(sources, &want, progress, &mut partitions)?;
        Ok(Self { partitions, warnings })
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// A measure for [`Sorted::summarize`].
    pub fn progress(&self) -> Progress {
        Progress::of(Some(self.partitions.bytes()))
    }

    /// Summarises them. Meanwhile the memory holds the duration of each span, and in turn the spans of a part of the
    /// traces for each core.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub fn summarize(mut self, progress: &Progress) -> Result<Summary, LoadError> {
        let groups = self.partitions.groups.len();
        let (sums, oddities) =
            self.partitions.fold(progress, || Figures::of(groups), Figures::add).map_err(LoadError::Disk)?;
        let all = &self.partitions;
        let mut figures = Figures::of(groups);
        sums.into_iter().for_each(|sum| figures.absorb(sum));
        Ok(summary(&all.grouping, figures, &all.groups, &all.services, &all.names, oddities))
    }
}
