//! An external merge sort of places: runs that fit the memory are sorted and put away, and merged at the end. The crates
//! for it (`extsort`, `ext-sort`) write each run into a file of its own, through serde; of one file of fixed records the
//! n-th can be read.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
};

use super::{
    At, Place,
    place::{Raw, SIZE},
};

/// So many places are sorted in memory: 8 MiB of them.
const RUN: usize = 1 << 18;
/// After so many places their key is held in memory.
pub(super) const FENCE: u64 = 512;

/// Places in their order, on the disk.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) file: File,
    pub(super) len: u64,
    /// The keys of places 0, [`FENCE`], 2 · [`FENCE`], …
    pub(super) fences: Vec<u64>,
}

/// Takes places in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    /// The places that are not put away yet.
    run: Vec<Place>,
    most: usize,
    /// The runs, one behind the other, and where each ends.
    away: Option<BufWriter<File>>,
    ends: Vec<u64>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_runs_of(RUN)
    }
}

impl Sorter {
    pub(super) fn with_runs_of(most: usize) -> Self {
        Self { run: Vec::new(), most, away: None, ends: Vec::new() }
    }

    pub(super) fn add(&mut self, place: Place) -> io::Result<()> {
        self.run.push(place);
        if self.run.len() == self.most { self.put_away() } else { Ok(()) }
    }

    fn put_away(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let away = match &mut self.away {
            Some(away) => away,
            None => self.away.insert(BufWriter::with_capacity(1 << 16, tempfile::tempfile()?)),
        };
        for place in &self.run {
            away.write_all(&place.write())?;
        }
        let before = self.ends.last().copied().unwrap_or(0);
        self.ends.push(before + (self.run.len() * SIZE) as u64);
        self.run.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        self.run.sort_unstable();
        let mut merged = Merged {
            file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            sorted: 0,
            fences: Vec::new(),
        };
        let Some(away) = self.away.take() else {
            for place in &self.run {
                merged.push(place)?;
            }
            return merged.finish();
        };
        let away = away.into_inner().map_err(io::IntoInnerError::into_error)?;
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let mut runs: Vec<Run<'_>> =
            starts.zip(&self.ends).map(|(start, end)| Run::of(&away, start, end - start)).collect();
        let mut last = self.run.iter().copied();
        let number = runs.len();
        let mut next = |n: usize| if n == number { Ok(last.next()) } else { runs[n].next() };
        // The first of each run; the least of them is the next of all.
        let mut firsts = BinaryHeap::new();
        for n in 0..=number {
            firsts.extend(next(n)?.map(|place| Reverse((place, n))));
        }
        while let Some(Reverse((place, n))) = firsts.pop() {
            merged.push(&place)?;
            firsts.extend(next(n)?.map(|place| Reverse((place, n))));
        }
        merged.finish()
    }
}

/// A run that was put away.
struct Run<'a> {
    reader: BufReader<io::Take<At<'a>>>,
}

impl<'a> Run<'a> {
    fn of(file: &'a File, start: u64, length: u64) -> Self {
        Self { reader: BufReader::with_capacity(1 << 14, At { file, at: start }.take(length)) }
    }

    fn next(&mut self) -> io::Result<Option<Place>> {
        let mut raw: Raw = [0; SIZE];
        if self.reader.buffer().is_empty() && self.reader.get_ref().limit() == 0 {
            return Ok(None);
        }
        self.reader.read_exact(&mut raw)?;
        Ok(Some(Place::read(&raw)))
    }
}

struct Merged {
    file: BufWriter<File>,
    sorted: u64,
    fences: Vec<u64>,
}

impl Merged {
    fn push(&mut self, place: &Place) -> io::Result<()> {
        if self.sorted.is_multiple_of(FENCE) {
            self.fences.push(place.key);
        }
        self.sorted += 1;
        self.file.write_all(&place.write())
    }

    fn finish(self) -> io::Result<Sorted> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Sorted { file, len: self.sorted, fences: self.fences })
    }
}
