//! Runs of whole lines, as many as fit a buffer: what a fast reader takes.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{ReadError, input::Input};

/// No record is longer; a file with a longer line is something else.
pub(super) const MAX_LINE: usize = 256 << 20;
const BLOCK: usize = 1 << 20;

/// Cuts an [`Input`] into [`Block`]s.
pub struct Blocks {
    input: Input,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes begin that no block has held yet, and where they end.
    pending: std::ops::Range<usize>,
    next_line: u64,
    ended: bool,
    cut_short: bool,
    /// The most that a line may have.
    longest: usize,
    /// Where longer lines are left out, which these were.
    left_out: Option<Vec<u64>>,
}

/// Some whole lines.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The file they are from.
    pub path: &'a Path,
    /// The number of the first of them, counted from 1.
    pub first_line: u64,
    /// The lines with their line ends. Only the last line of a file can be without.
    pub bytes: &'a [u8],
    /// Whether the last line is without a line end: it may be whole, or what a crash left of it.
    pub unterminated: bool,
}

/// Which lines were put into a vector.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// As in [`Block`].
    pub first_line: u64,
    /// How many bytes they have.
    pub length: usize,
    /// As in [`Block`].
    pub unterminated: bool,
}

impl Blocks {
    /// The lines of that input.
    pub fn new(input: Input) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            pending: 0..0,
            next_line: 1,
            ended: false,
            cut_short: false,
            longest: MAX_LINE,
            left_out: None,
        }
    }

    /// The same without lines longer than that, instead of an error: what such a line takes is never held.
    #[must_use]
    pub fn leaving_out_longer_than(mut self, bytes: usize) -> Self {
        (self.longest, self.left_out) = (bytes, Some(Vec::new()));
        self
    }

    /// The numbers of the lines that were left out so far.
    pub fn left_out(&self) -> &[u64] {
        self.left_out.as_deref().unwrap_or_default()
    }

    /// The file's path.
    pub fn path(&self) -> PathBuf {
        self.input.path.clone()
    }

    /// Whether the file's compression ended before its end, as a crash leaves it. Known after the last block.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// The next lines, none at the end.
    ///
    /// # Errors
    /// If reading fails, or a line is longer than `MAX_LINE` and such lines are not left out.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>, ReadError> {
        let Some(end) = self.find_end()? else { return Ok(None) };
        let first_line = self.take(end);
        let bytes = &self.buffer[..end];
        let unterminated = bytes.last() != Some(&b'\n');
        Ok(Some(Block { path: &self.input.path, first_line, bytes, unterminated }))
    }

    /// Puts the next lines at the beginning of `bytes`, whatever it holds, and tells what of it they are; none at the end.
    /// Saves those a copy who want the lines for themselves, and who bring the same vector again the zeroes in it.
    ///
    /// # Errors
    /// As [`Blocks::next_block`].
    pub fn next_lines(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Taken>, ReadError> {
        let Some(end) = self.find_end()? else { return Ok(None) };
        let first_line = self.take(end);
        let left = self.pending.len();
        if bytes.len() < left {
            bytes.resize(left, 0);
        }
        bytes[..left].copy_from_slice(&self.buffer[self.pending.clone()]);
        self.pending = 0..left;
        std::mem::swap(&mut self.buffer, bytes);
        Ok(Some(Taken { first_line, length: end, unterminated: bytes[..end].last() != Some(&b'\n') }))
    }

    /// Counts the lines up to `end` as given out, and tells the number of the first.
    fn take(&mut self, end: usize) -> u64 {
        self.pending.start = end;
        let first_line = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &self.buffer[..end]).count() as u64;
        first_line
    }

    /// Where the next whole lines end in the buffer, in which they begin at its start; none at the end.
    fn find_end(&mut self) -> Result<Option<usize>, ReadError> {
        self.buffer.copy_within(self.pending.clone(), 0);
        self.pending = 0..self.pending.len();
        let mut searched = 0;
        let end = loop {
            if self.ended {
                break self.pending.end;
            }
            self.fill()?;
            let new = &self.buffer[searched..self.pending.end];
            if let Some(at) = memchr::memrchr(b'\n', new) {
                break searched + at + 1;
            }
            searched = self.pending.end;
            if searched <= self.longest {
                continue;
            }
            let Some(left_out) = &mut self.left_out else {
                return Err(ReadError::LineTooLong {
                    path: self.input.path.clone(),
                    line: self.next_line,
                    limit: self.longest,
                });
            };
            left_out.push(self.next_line);
            self.skip_line()?;
            searched = 0;
        };
        Ok((end > 0).then_some(end))
    }

    /// Drops what is pending, which is part of a line, and the rest of that line.
    fn skip_line(&mut self) -> Result<(), ReadError> {
        self.next_line += 1;
        loop {
            self.pending = 0..0;
            if self.ended {
                return Ok(());
            }
            self.fill()?;
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[..self.pending.end]) {
                self.buffer.copy_within(at + 1..self.pending.end, 0);
                self.pending = 0..self.pending.end - at - 1;
                return Ok(());
            }
        }
    }

    /// Reads on, until the buffer holds a block's worth more or the input has ended.
    fn fill(&mut self) -> Result<(), ReadError> {
        let goal = self.pending.end + BLOCK;
        if self.buffer.len() < goal {
            self.buffer.resize(goal, 0);
        }
        while self.pending.end < goal {
            match self.input.reader.read(&mut self.buffer[self.pending.end..goal]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.pending.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // A compressed file that a crash cut short: what could be read of it counts.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    self.cut_short = true;
                    self.ended = true;
                    break;
                }
                Err(source) => {
                    return Err(ReadError::Io { path: self.input.path.clone(), source });
                }
            }
        }
        Ok(())
    }
}

impl<'a> Block<'a> {
    /// Each line that is not blank, without its end, and its number.
    pub fn lines(self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let first = self.first_line;
        let mut from = 0;
        memchr::memchr_iter(b'\n', self.bytes)
            .chain([self.bytes.len()])
            .map(move |end| &self.bytes[std::mem::replace(&mut from, end + 1)..end])
            .enumerate()
            .map(move |(i, line)| (first + i as u64, line.strip_suffix(b"\r").unwrap_or(line)))
            .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
    }

    /// How far behind the beginning of the block that line begins.
    pub(super) fn offset_of(&self, line: &[u8]) -> u64 {
        (line.as_ptr().addr() - self.bytes.as_ptr().addr()) as u64
    }

    /// Whether that line is the file's last and has no end: a fault in it is what a crash leaves.
    pub fn may_be_torn(&self, line: &[u8]) -> bool {
        self.unterminated
            && self.bytes.ends_with(line)
            && std::ptr::eq(line.as_ptr_range().end, self.bytes.as_ptr_range().end)
    }
}
