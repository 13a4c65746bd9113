//! Lines of files in another order than they stand in: by a key, and by an order among equal keys.
//!
//! In: blocks of lines, and for each line its key and order. Out: [`LineIndex`], which goes through the lines in that
//! order, finds those of a key, and fetches a line. Where lines lie is kept on the disk, so that memory does not grow with
//! the files: `sort` is an external merge sort. A compressed file is unpacked to an unnamed temporary one, as its lines
//! can't be fetched one by one; other files are read again where they stand, and must not change meanwhile.

mod place;
mod sort;

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    ops::Range,
    path::Path,
};

pub use place::Place;

use self::{
    place::{Raw, SIZE},
    sort::{FENCE, Sorted, Sorter},
};
use super::{
    Block,
    input::{GZIP, ZSTD, is_stdin},
};

/// Lines in their order.
#[derive(Debug)]
pub struct LineIndex {
    texts: Vec<File>,
    sorted: Sorted,
}

/// A [`LineIndex`] in the making.
#[derive(Debug)]
pub struct Builder {
    texts: Vec<Text>,
    /// How much of the last text has been seen.
    seen: u64,
    sorter: Sorter,
}

/// Where the lines of a file can be fetched.
#[derive(Debug)]
enum Text {
    /// From the file itself.
    Itself(File),
    /// From a copy, which is complete when the index is built.
    Copy(BufWriter<File>),
}

impl Builder {
    /// Of no lines yet.
    pub fn new() -> Self {
        Self { texts: Vec::new(), seen: 0, sorter: Sorter::default() }
    }

    /// The blocks that come from now on are this file's, from its first line on.
    ///
    /// # Errors
    /// If it can't be opened, or there is no room for temporary files.
    pub fn begin(&mut self, path: &Path) -> io::Result<()> {
        self.texts.push(Text::of(path)?);
        self.seen = 0;
        Ok(())
    }

    /// Takes the lines for which there is a key, and an order among equal keys.
    ///
    /// # Errors
    /// Those of `choose`, and if there is no room for temporary files.
    pub fn block<E: From<io::Error>>(
        &mut self,
        block: &Block<'_>,
        mut choose: impl FnMut(u64, &[u8]) -> Result<Option<(u64, u64)>, E>,
    ) -> Result<(), E> {
        if let Some(Text::Copy(copy)) = self.texts.last_mut() {
            copy.write_all(block.bytes)?;
        }
        let file = self.texts.len().saturating_sub(1) as u32;
        for (number, line) in block.lines() {
            if let Some((key, order)) = choose(number, line)? {
                let offset = self.seen + block.offset_of(line);
                let length = u32::try_from(line.len()).map_err(io::Error::other)?;
                self.sorter.add(Place { key, order, file, length, offset })?;
            }
        }
        self.seen += block.bytes.len() as u64;
        Ok(())
    }

    /// The lines in their order. Lines of equal key and order stay as they stood.
    ///
    /// # Errors
    /// If there is no room for temporary files.
    pub fn build(self) -> io::Result<LineIndex> {
        let texts = self.texts.into_iter().map(Text::finish).collect::<io::Result<_>>()?;
        Ok(LineIndex { texts, sorted: self.sorter.finish()? })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Text {
    fn of(path: &Path) -> io::Result<Self> {
        if !is_stdin(path) {
            let file = File::open(path)?;
            let mut head = Vec::new();
            // Of a pipe nothing must be taken away.
            if file.metadata()?.is_file() {
                (&file).take(ZSTD.len() as u64).read_to_end(&mut head)?;
                if !head.starts_with(&GZIP) && !head.starts_with(&ZSTD) {
                    return Ok(Self::Itself(file));
                }
            }
        }
        Ok(Self::Copy(BufWriter::new(tempfile::tempfile()?)))
    }

    fn finish(self) -> io::Result<File> {
        match self {
            Self::Itself(file) => Ok(file),
            Self::Copy(copy) => copy.into_inner().map_err(io::IntoInnerError::into_error),
        }
    }
}

impl LineIndex {
    /// How many lines there are.
    pub fn len(&self) -> u64 {
        self.sorted.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sorted.len == 0
    }

    /// The place of the n-th line, from 0.
    ///
    /// # Errors
    /// If there are not so many, or the disk refuses.
    pub fn get(&self, n: u64) -> io::Result<Place> {
        let mut raw: Raw = [0; SIZE];
        read_exact_at(&self.sorted.file, &mut raw, n * SIZE as u64)?;
        Ok(Place::read(&raw))
    }

    /// The places of all lines, one after the other.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn iter(&self) -> io::Result<impl Iterator<Item = io::Result<Place>> + use<'_>> {
        let at = |n| At { file: &self.sorted.file, at: n };
        let mut reader = BufReader::with_capacity(1 << 16, at(0).take(self.len() * SIZE as u64));
        let mut left = self.len();
        Ok(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let mut raw: Raw = [0; SIZE];
            Some(reader.read_exact(&mut raw).map(|()| Place::read(&raw)))
        }))
    }

    /// The numbers of the lines of a key.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn with_key(&self, key: u64) -> io::Result<Range<u64>> {
        let fences = &self.sorted.fences;
        // A fence is the key of the first of so many lines: where a key begins, and where it has ended.
        let begins = fences.partition_point(|fence| *fence < key).saturating_sub(1);
        let ends = fences.partition_point(|fence| *fence <= key);
        let within = |block: usize| (block as u64 * FENCE).min(self.len());
        let first = self.partition(within(begins)..within(begins + 1), |place| place.key < key)?;
        let last = self.partition(within(ends.saturating_sub(1))..within(ends), |place| place.key <= key)?;
        Ok(first..last.max(first))
    }

    /// The first in a range for which `holds` does not hold any more.
    fn partition(&self, range: Range<u64>, holds: impl Fn(&Place) -> bool) -> io::Result<u64> {
        let mut raw = vec![0; (range.end - range.start) as usize * SIZE];
        read_exact_at(&self.sorted.file, &mut raw, range.start * SIZE as u64)?;
        let places = raw.as_chunks::<SIZE>().0;
        Ok(range.start + places.partition_point(|raw| holds(&Place::read(raw))) as u64)
    }

    /// A line, without its end, in place of what the buffer holds.
    ///
    /// # Errors
    /// If the file has become shorter, or the disk refuses.
    pub fn line(&self, place: &Place, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.resize(place.length as usize, 0);
        let text = self.texts.get(place.file as usize).ok_or(io::ErrorKind::InvalidInput)?;
        read_exact_at(text, buffer, place.offset)
    }
}

/// A file from a place on, without moving it for others.
#[derive(Debug)]
struct At<'a> {
    file: &'a File,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = read_at(self.file, buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    At { file, at }.read_exact(buffer)
}

#[cfg(test)]
mod tests;
