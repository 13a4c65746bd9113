//! Files of any size as whole traces: sorted by trace into parts, each small enough to be looked at in memory.
//!
//! In: files. Out: what a look at each part came to. Not here: what is looked for.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use glyph_formats::jsonl::input::Progress;

use super::{
    Traces,
    columns::Names,
    cores::on_every_core,
    group::{Grouping, Groups},
    load::{self, Keep, LoadError, Sources, Want, Warning},
    oddity::Oddities,
    partitions::Partitions,
};

/// The spans of files, sorted by trace and ready to be looked at.
#[derive(Debug)]
pub struct Sorted {
    partitions: Partitions,
    warnings: Vec<Warning>,
}

/// What is known of all parts together.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) grouping: Arc<Grouping>,
    pub(super) groups: Groups,
    pub(super) services: Names,
    pub(super) names: Names,
    /// What is odd about lines and trees.
    pub(super) oddities: Oddities,
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
        Self::read_with(sources, Keep::NOTHING, grouping, memory, progress)
    }

    /// The same with some of the details.
    pub(super) fn read_with(
        sources: &Sources,
        keep: Keep,
        grouping: Grouping,
        memory: u64,
        progress: &Progress,
    ) -> Result<Self, LoadError> {
        let grouping = Arc::new(grouping);
        let want = Want { keep, rows: Some(Arc::clone(&grouping)), only: None };
        let mut partitions = Partitions::new(grouping, memory);
        let warnings = load::stream(sources, &want, progress, &mut partitions)?;
        Ok(Self { partitions, warnings })
    }

    /// What is odd about single lines.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether there are no spans.
    pub(super) fn is_empty(&self) -> bool {
        self.partitions.bytes() == 0
    }

    /// A measure for looking at them.
    pub fn progress(&self) -> Progress {
        Progress::of(Some(self.partitions.bytes()))
    }

    /// Adds up on each core, from `start` on, what is seen in the parts, in no order: `add` gets the traces of a part and the
    /// group of each span. Meanwhile the memory holds the spans of a part for each core. What each core came to is returned.
    ///
    /// # Errors
    /// If a temporary file can't be read.
    pub(super) fn fold<T: Send>(
        mut self,
        progress: &Progress,
        start: impl Fn(&Groups) -> T + Sync,
        add: impl Fn(&mut T, &Traces, &[u32]) + Sync,
    ) -> Result<(Whole, Vec<T>), LoadError> {
        let parts = Mutex::new(self.partitions.take_parts().into_iter());
        let all = self.partitions;
        let results = on_every_core(|| -> io::Result<_> {
            let (mut sum, mut oddities) = (start(&all.groups), Oddities::default());
            loop {
                let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(part) = part else { return Ok((sum, oddities)) };
                let bytes = part.bytes();
                let grouped = part.read()?;
                let traces = Traces::resolve(grouped.spans, Oddities::default());
                oddities.absorb(&traces.oddities);
                add(&mut sum, &traces, &grouped.group);
                progress.add(bytes);
            }
        });
        let mut oddities = all.oddities.clone();
        let mut sums = Vec::new();
        for result in results {
            let (sum, odd) = result.map_err(LoadError::Disk)?;
            oddities.absorb(&odd);
            sums.push(sum);
        }
        Ok((Whole::of(all, oddities), sums))
    }

    /// Shows `take` the same, part after part in an order that only the traces' ids decide; the first that it refuses ends
    /// it. Meanwhile the memory holds the spans of one part.
    pub(super) fn each<E: From<io::Error>>(
        mut self,
        progress: &Progress,
        mut take: impl FnMut(&Traces, &[u32], &Whole) -> Result<(), E>,
    ) -> Result<Whole, E> {
        let parts = self.partitions.take_parts();
        let oddities = std::mem::take(&mut self.partitions.oddities);
        let mut all = Whole::of(self.partitions, oddities);
        for part in parts {
            let bytes = part.bytes();
            let grouped = part.read()?;
            let traces = Traces::resolve(grouped.spans, Oddities::default());
            all.oddities.absorb(&traces.oddities);
            take(&traces, &grouped.group, &all)?;
            progress.add(bytes);
        }
        Ok(all)
    }
}

impl Whole {
    fn of(all: Partitions, oddities: Oddities) -> Self {
        let Partitions { grouping, groups, services, names, .. } = all;
        Self { grouping, groups, services, names, oddities }
    }
}
