//! Chunks, joined to all the spans there are, in memory.

use super::chunk::{Chunk, Full, Sink};
use crate::trace::{
    columns::{Spans, TraceNumbers},
    oddity::Oddities,
};

/// Chunks, joined to all the spans there are.
#[derive(Debug, Default)]
pub(super) struct Joined {
    spans: Spans,
    traces: TraceNumbers,
    pub(super) oddities: Oddities,
}

impl Sink for Joined {
    fn add(&mut self, chunk: Chunk) -> Result<(), Full> {
        let all = &mut self.spans;
        let new = chunk.spans;
        // The greatest number stands for «none» in the tree.
        if all.len() + new.len() >= u32::MAX as usize {
            return Err(Full::TooMany);
        }
        let traces: Vec<u32> =
            new.trace_ids.iter().map(|id| self.traces.of(*id, &mut all.trace_ids)).collect();
        let services = all.services.absorb(&new.services);
        let names = all.names.absorb(&new.names);
        let renumber = |all: &mut Vec<u32>, new: Vec<u32>, numbers: &[u32]| {
            all.extend(new.into_iter().map(|code| numbers[code as usize]));
        };
        renumber(&mut all.trace, new.trace, &traces);
        renumber(&mut all.service, new.service, &services);
        renumber(&mut all.name, new.name, &names);
        all.span_id.extend(new.span_id);
        all.parent_id.extend(new.parent_id);
        all.kind.extend(new.kind);
        all.status.extend(new.status);
        all.start.extend(new.start);
        all.end.extend(new.end);
        all.details.append(&new.details);
        self.oddities.absorb(&chunk.oddities);
        Ok(())
    }
}

impl Joined {
    pub(super) fn into_spans(self) -> (Spans, Oddities) {
        (self.spans, self.oddities)
    }
}
