//! Spans sorted by trace into so many parts that each is small: what is asked of whole traces is asked of one part at a
//! time.
//!
//! In: chunks from the loader. Out: parts, each with all spans of its traces in the order of the files. Beyond a limit
//! the parts go to temporary files, which have no name and are gone with the program. Not here: figures.

mod detail;
mod record;

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    sync::Arc,
};

use glyph_formats::TraceId;

use self::record::Record;
use super::{
    columns::{Detail, Details, Names, Spans, TraceNumbers},
    group::{Grouping, Groups, LEFT_OUT},
    load::{Chunk, Full, Sink},
    oddity::Oddities,
};

/// How many parts there are. Of a file of a billion spans each has 15 million, which is 1 GB.
const PARTS: usize = 64;

/// So many bytes are read from a file at once.
const AT_ONCE: usize = 1 << 18;

/// All spans, sorted by trace.
#[derive(Debug)]
pub(super) struct Partitions {
    pub(super) grouping: Arc<Grouping>,
    parts: Vec<Part>,
    /// How many bytes of spans the memory holds at most.
    most: u64,
    in_memory: u64,
    pub(super) names: Names,
    pub(super) services: Names,
    pub(super) groups: Groups,
    pub(super) oddities: Oddities,
}

/// The spans of some traces, those in the file first.
#[derive(Debug, Default)]
pub(super) struct Part {
    file: Option<File>,
    /// How many spans are in the file, and in how many bytes.
    in_file: u64,
    file_bytes: u64,
    records: Vec<Record>,
    /// Of the records, if attributes or events are kept.
    details: Details,
    /// Whether they are: of all spans or of none.
    has_details: bool,
}

/// Spans of whole traces in columns, with the details that were kept but without names, and the group of each.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    pub(super) spans: Spans,
    pub(super) group: Vec<u32>,
}

impl Partitions {
    /// Parts that take up to `memory` bytes before they go to disk.
    pub(super) fn new(grouping: Arc<Grouping>, memory: u64) -> Self {
        Self {
            grouping,
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            most: memory,
            in_memory: 0,
            names: Names::default(),
            services: Names::default(),
            groups: Groups::default(),
            oddities: Oddities::default(),
        }
    }

    /// How much the spans take, wherever they are.
    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().map(Part::bytes).sum()
    }

    /// Takes the parts, in an order that only the traces' ids decide.
    pub(super) fn take_parts(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.parts)
    }

    fn spill(&mut self) -> io::Result<()> {
        self.in_memory = 0;
        self.parts.iter_mut().try_for_each(Part::spill)
    }
}

impl Sink for Partitions {
    fn add(&mut self, chunk: Chunk) -> Result<(), Full> {
        self.oddities.absorb(&chunk.oddities);
        let new = &chunk.spans;
        let services = self.services.absorb(&new.services);
        let names = self.names.absorb(&new.names);
        let groups = self.groups.absorb(&chunk.groups, &self.grouping, &services, &names);
        let bytes = (new.len() * size_of::<Record>() + new.details.bytes()) as u64;
        if self.in_memory + bytes > self.most {
            self.spill().map_err(Full::Disk)?;
        }
        self.in_memory += bytes;
        for i in 0..new.len() {
            let trace_id = new.trace_ids[new.trace[i] as usize];
            let part = &mut self.parts[part_of(trace_id)];
            if !new.details.is_empty() {
                part.has_details = true;
                part.details.push(new.details.get(i));
            }
            part.records.push(Record {
                trace_id,
                span_id: new.span_id[i],
                parent_id: new.parent_id[i],
                start: new.start[i],
                end: new.end[i],
                service: services[new.service[i] as usize],
                group: groups.get(chunk.group[i] as usize).copied().unwrap_or(LEFT_OUT),
                kind: new.kind[i],
                status: new.status[i],
            });
        }
        Ok(())
    }
}

/// The part of a trace. Ids are random in part only, if at all: every bit of them counts.
fn part_of(trace_id: TraceId) -> usize {
    let id = trace_id.get();
    let folded = (id >> 64) as u64 ^ id as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PARTS.trailing_zeros())) as usize
}

impl Part {
    /// How much the spans take.
    pub(super) fn bytes(&self) -> u64 {
        self.file_bytes + (self.records.len() * Record::BYTES + self.details.bytes()) as u64
    }

    /// Puts into the file what is in memory.
    fn spill(&mut self) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(self.records.len() * Record::BYTES + self.details.bytes());
        self.in_file += self.records.len() as u64;
        let details = std::mem::take(&mut self.details);
        for (i, record) in self.records.drain(..).enumerate() {
            record.write(&mut bytes);
            if self.has_details {
                detail::write(details.get(i), &mut bytes);
            }
        }
        self.file_bytes += bytes.len() as u64;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&bytes)
    }

    /// The spans, in columns.
    pub(super) fn read(mut self) -> io::Result<Grouped> {
        let mut columns = Columns::default();
        columns.reserve(self.in_file as usize + self.records.len());
        if let Some(file) = &mut self.file {
            file.rewind()?;
            let mut file = BufReader::with_capacity(AT_ONCE, file);
            let (mut bytes, mut text) = ([0; Record::BYTES], String::new());
            for _ in 0..self.in_file {
                file.read_exact(&mut bytes)?;
                let record = Record::read(&bytes).ok_or_else(changed)?;
                let detail = self.has_details.then(|| detail::read(&mut file, &mut text)).transpose()?;
                columns.push(&record, detail);
            }
        }
        for (i, record) in self.records.iter().enumerate() {
            columns.push(record, self.has_details.then(|| self.details.get(i)));
        }
        Ok(columns.grouped)
    }
}

fn changed() -> io::Error {
    io::Error::other("the temporary file was changed")
}

/// The columns of a part on their way.
#[derive(Default)]
struct Columns {
    grouped: Grouped,
    numbers: TraceNumbers,
}

impl Columns {
    fn reserve(&mut self, more: usize) {
        let Grouped { spans, group } = &mut self.grouped;
        for codes in [&mut spans.trace, &mut spans.service, group] {
            codes.reserve(more);
        }
        for numbers in [&mut spans.span_id, &mut spans.parent_id, &mut spans.start, &mut spans.end] {
            numbers.reserve(more);
        }
        spans.kind.reserve(more);
        spans.status.reserve(more);
    }

    fn push(&mut self, record: &Record, detail: Option<Detail<'_>>) {
        let Grouped { spans, group } = &mut self.grouped;
        spans.trace.push(self.numbers.of(record.trace_id, &mut spans.trace_ids));
        spans.span_id.push(record.span_id);
        spans.parent_id.push(record.parent_id);
        spans.service.push(record.service);
        spans.kind.push(record.kind);
        spans.status.push(record.status);
        spans.start.push(record.start);
        spans.end.push(record.end);
        group.push(record.group);
        if let Some(detail) = detail {
            spans.details.push(detail);
        }
    }
}
