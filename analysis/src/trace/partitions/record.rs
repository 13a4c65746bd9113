//! What figures need of a span, in so many bytes.

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};

use crate::trace::group::{KINDS, STATUSES};

/// A span without its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) trace_id: TraceId,
    pub(super) span_id: u64,
    /// Zero for none.
    pub(super) parent_id: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) service: u32,
    pub(super) group: u32,
    pub(super) kind: SpanKind,
    pub(super) status: SpanStatus,
}

impl Record {
    /// How many bytes it takes on disk.
    pub(super) const BYTES: usize = 58;

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.trace_id.get().to_le_bytes());
        for number in [self.span_id, self.parent_id, self.start, self.end] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.service, self.group] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend([self.kind as u8, self.status as u8]);
    }

    /// Reads back what was written; none if it was not.
    pub(super) fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (trace_id, rest) = bytes.split_first_chunk()?;
        let (numbers, rest) = rest.split_first_chunk::<32>()?;
        let (codes, rest) = rest.split_first_chunk::<8>()?;
        let long = |at: usize| numbers.as_chunks().0.get(at).copied().map(u64::from_le_bytes);
        let short = |at: usize| codes.as_chunks().0.get(at).copied().map(u32::from_le_bytes);
        let [kind, status] = *rest else { return None };
        Some(Self {
            trace_id: TraceId::new(u128::from_le_bytes(*trace_id))?,
            span_id: long(0)?,
            parent_id: long(1)?,
            start: long(2)?,
            end: long(3)?,
            service: short(0)?,
            group: short(1)?,
            kind: *KINDS.get(usize::from(kind))?,
            status: *STATUSES.get(usize::from(status))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_reads_back(numbers: [u64; 4], codes: [u32; 2], trace in 1_u128.., kind in 0_usize..5, status in 0_usize..3) {
            let [span_id, parent_id, start, end] = numbers;
            let [service, group] = codes;
            let trace_id = TraceId::new(trace).unwrap();
            let (kind, status) = (KINDS[kind], STATUSES[status]);
            let record = Record { trace_id, span_id, parent_id, start, end, service, group, kind, status };
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            prop_assert_eq!(Record::read(bytes.as_slice().try_into().unwrap()), Some(record));
        }
    }
}
