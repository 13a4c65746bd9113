//! The way of files of any size to a graph: sorted by trace into parts, each part looked at by itself.

use std::sync::Arc;

use glyph_formats::jsonl::input::Progress;

use super::{Calls, ServiceGraph, named};
use crate::trace::{
    filter::Filter,
    group::Grouping,
    load::{self, Keep, LoadError, Sources, Want, Warning},
    partitions::Partitions,
};

/// The spans of files, sorted by trace and ready for a graph.
#[derive(Debug)]
pub struct Sorted {
    partitions: Partitions,
    warnings: Vec<Warning>,
}

impl Sorted {
    /// Reads files, whatever their size: what does not fit `memory` bytes goes to temporary files. Only those calls count
    /// whose span meets `filter`.
    ///
    /// # Errors
    /// As [`crate::trace::load()`]; also if a temporary file can't be written.
    pub fn read(
        sources: &Sources,
        filter: Option<Filter>,
        memory: u64,
        progress: &Progress,
    ) -> Result<Self, LoadError> {
        let grouping = Arc::new(Grouping::peers().only(filter));
        let want = Want { keep: Keep::NOTHING, rows: Some(Arc::clone(&grouping)), only: None };
        let mut partitions = Partitions::new(grouping, memory);
        let warnings = load::stream(sources, &want, progress, &mut partitions)?;
        Ok(Self { partitions, warnings })
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// A measure for [`Sorted::graph`].
    pub fn progress(&self) -> Progress {
        Progress::of(Some(self.partitions.bytes()))
    }

    /// Finds who calls whom. Meanwhile the memory holds the duration of each call, and in turn the spans of a part of the
    /// traces for each core.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub fn graph(mut self, progress: &Progress) -> Result<ServiceGraph, LoadError> {
        let has_peer = self.partitions.groups.have_peers(&self.partitions.grouping);
        let (sums, oddities) = self
            .partitions
            .fold(progress, Calls::default, |calls, traces, group| calls.add(traces, group, &has_peer))
            .map_err(LoadError::Disk)?;
        let all = &self.partitions;
        let mut calls = Calls::default();
        sums.into_iter().for_each(|sum| calls.absorb(sum));
        Ok(named::graph(calls, &all.grouping, &all.groups, &all.services, oddities))
    }
}
