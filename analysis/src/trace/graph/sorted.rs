//! The way of files of any size to a graph: each part of the traces is looked at by itself.

use glyph_formats::jsonl::input::Progress;

use super::{
    ServiceGraph,
    calls::{Calls, Group},
    named,
};
use crate::trace::{
    self, Traces,
    filter::Filter,
    group::{Grouping, Groups},
    load::{LoadError, Sources, Warning},
};

/// The spans of files, sorted by trace and ready for a graph.
#[derive(Debug)]
pub struct Sorted(trace::Sorted);

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
        trace::Sorted::read(sources, Grouping::peers().only(filter), memory, progress).map(Self)
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        self.0.warnings()
    }

    /// A measure for [`Sorted::graph`].
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }

    /// Finds who calls whom. Meanwhile the memory holds the duration of each call, and in turn the spans of a part of the
    /// traces for each core.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub fn graph(self, progress: &Progress) -> Result<ServiceGraph, LoadError> {
        let by = Grouping::peers();
        let start = |groups: &Groups| (Calls::default(), Group::all(groups, &by));
        let add = |(calls, groups): &mut (Calls, Vec<Group>), traces: &Traces, group: &[u32]| {
            calls.add(traces, group, groups);
        };
        let (all, sums) = self.0.fold(progress, start, add)?;
        let mut calls = Calls::default();
        sums.into_iter().for_each(|(sum, _)| calls.absorb(sum));
        Ok(named::graph(calls, &all.grouping, &all.groups, &all.services, all.oddities))
    }
}
