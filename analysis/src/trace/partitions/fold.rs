//! The same asked of every part: on all cores, or one part after the other.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use glyph_formats::jsonl::input::Progress;

use super::Partitions;
use crate::trace::{Traces, cores::on_every_core, oddity::Oddities};

impl Partitions {
    /// Shows `add` the resolved traces of every part, once, with the group of each span; in no order, each core with a sum
    /// of its own that begins as `new`. Out come these sums, and what is odd about all spans and their trees. Meanwhile the
    /// memory holds a part for each core.
    pub(in crate::trace) fn fold<T: Send>(
        &mut self,
        progress: &Progress,
        new: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, &Traces, &[u32]) + Sync,
    ) -> io::Result<(Vec<T>, Oddities)> {
        let (kept, parts) = (self.has_details, Mutex::new(std::mem::take(&mut self.parts).into_iter()));
        let results = on_every_core(|| -> io::Result<_> {
            let (mut sum, mut oddities) = (new(), Oddities::default());
            loop {
                let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(part) = part else { return Ok((sum, oddities)) };
                let bytes = part.bytes();
                let grouped = part.read(kept)?;
                let traces = Traces::resolve(grouped.spans, Oddities::default());
                oddities.absorb(&traces.oddities);
                add(&mut sum, &traces, &grouped.group);
                progress.add(bytes);
            }
        });
        let mut sums = Vec::new();
        let mut oddities = self.oddities.clone();
        for result in results {
            let (sum, odd) = result?;
            sums.push(sum);
            oddities.absorb(&odd);
        }
        Ok((sums, oddities))
    }

    /// Shows `take` the same, part after part in an order that only the traces' ids decide: the first that it refuses ends
    /// it. Out comes what is odd about all spans and their trees. Meanwhile the memory holds one part.
    pub(in crate::trace) fn each<E: From<io::Error>>(
        &mut self,
        progress: &Progress,
        mut take: impl FnMut(&Traces, &[u32]) -> Result<(), E>,
    ) -> Result<Oddities, E> {
        let mut oddities = self.oddities.clone();
        for part in std::mem::take(&mut self.parts) {
            let bytes = part.bytes();
            let grouped = part.read(self.has_details)?;
            let traces = Traces::resolve(grouped.spans, Oddities::default());
            oddities.absorb(&traces.oddities);
            take(&traces, &grouped.group)?;
            progress.add(bytes);
        }
        Ok(oddities)
    }
}
