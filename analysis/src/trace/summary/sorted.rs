//! The way of files of any size to a summary: sorted by trace into parts, each part added up by itself.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use glyph_formats::jsonl::input::Progress;

use super::{Summary, cores::on_every_core, figures::Figures, summary};
use crate::trace::{
    Traces,
    group::Grouping,
    load::{self, Keep, LoadError, Sources, Want, Warning},
    oddity::Oddities,
    partitions::{Part, Partitions},
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
        let parts = self.partitions.take_parts();
        let all = &self.partitions;
        let (figures, more) = of_parts(parts, all.groups.len(), progress).map_err(LoadError::Disk)?;
        let mut oddities = all.oddities.clone();
        oddities.absorb(&more);
        Ok(summary(&all.grouping, figures, &all.groups, &all.services, &all.names, oddities))
    }
}

/// The figures of all parts, and what is odd about their trees.
fn of_parts(parts: Vec<Part>, groups: usize, progress: &Progress) -> io::Result<(Figures, Oddities)> {
    let parts = Mutex::new(parts.into_iter());
    let results = on_every_core(|| -> io::Result<_> {
        let (mut figures, mut oddities) = (Figures::of(groups), Oddities::default());
        loop {
            let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(part) = part else { return Ok((figures, oddities)) };
            let bytes = part.bytes();
            let grouped = part.read()?;
            let traces = Traces::resolve(grouped.spans, Oddities::default());
            oddities.absorb(&traces.oddities);
            figures.add(&traces, &grouped.group);
            progress.add(bytes);
        }
    });
    let (mut figures, mut oddities) = (Figures::of(groups), Oddities::default());
    for result in results {
        let (more, odd) = result?;
        figures.absorb(more);
        oddities.absorb(&odd);
    }
    Ok((figures, oddities))
}
