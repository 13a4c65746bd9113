//! Files, one after the other, as blocks of lines that whoever parses them takes in turn.
//!
//! In: paths. Out: blocks of lines, numbered over all files; and, on their way past the parsers, what is no lines: the
//! spans of a document, which is parsed as it is read, and the ends of files. Not here: what a line holds.

use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use glyph_formats::jsonl::{
    Blocks, ReadError,
    input::{self, Progress},
};

use super::{
    Want, document,
    head::{self, Layout},
    lines::{LONGEST, Lines},
    pipeline::Item,
};

/// Nobody takes what is read any more.
pub(super) struct Unwanted;

/// Where the reading is.
pub(super) struct Reader<'a> {
    files: &'a [PathBuf],
    want: &'a Want,
    progress: &'a Progress,
    next_file: usize,
    /// The lines of the file before `next_file`, unless all were read.
    blocks: Option<Blocks>,
    /// How many items were numbered.
    numbers: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(files: &'a [PathBuf], want: &'a Want, progress: &'a Progress) -> Self {
        Self { files, want, progress, next_file: 0, blocks: None, numbers: 0 }
    }

    /// Reads the next lines into `lines` and gives their number and their file; none after the last. What is no lines
    /// goes to `out` at once.
    pub(super) fn next(
        &mut self,
        lines: &mut Lines,
        out: &Sender<(u64, Item)>,
    ) -> Result<Option<(u64, usize, &'a Path)>, Unwanted> {
        loop {
            let read = match &mut self.blocks {
                Some(blocks) => blocks.next_lines(&mut lines.bytes),
                None => {
                    if self.next_file == self.files.len() {
                        return Ok(None);
                    }
                    self.next_file += 1;
                    match self.open(out) {
                        Ok(blocks) => self.blocks = blocks?,
                        Err(error) => return self.fail(error, out),
                    }
                    continue;
                }
            };
            let file = self.next_file - 1;
            match read {
                Ok(Some(taken)) => {
                    lines.taken = taken;
                    return Ok(Some((self.number(), file, &self.files[file])));
                }
                Ok(None) => {
                    let ended = self.blocks.take();
                    for line in ended.iter().flat_map(Blocks::left_out) {
                        self.send(Item::Long { file, line: *line }, out)?;
                    }
                    let cut_short = ended.is_some_and(|blocks| blocks.cut_short());
                    self.send(Item::End { file, cut_short }, out)?;
                }
                Err(error) => return self.fail(error, out),
            }
        }
    }

    /// Opens the file before the next one, and reads it if it is a document.
    fn open(&mut self, out: &Sender<(u64, Item)>) -> Result<Result<Option<Blocks>, Unwanted>, ReadError> {
        let file = self.next_file - 1;
        let (input, layout) = head::look(input::open_counted(&self.files[file], self.progress.clone())?);
        if layout == Layout::Lines {
            return Ok(Ok(Some(Blocks::new(input).leaving_out_longer_than(LONGEST))));
        }
        let want = self.want;
        let ended = document::read(input, want, &mut |chunk| {
            self.send(Item::Spans { file, chunk: Box::new(chunk) }, out).is_ok()
        })?;
        let end = || {
            if let Some(fault) = ended.broken {
                self.send(Item::Broken { file, fault }, out)?;
            }
            self.send(Item::End { file, cut_short: ended.cut_short }, out)?;
            Ok(None)
        };
        Ok(end())
    }

    fn fail<T>(&mut self, error: ReadError, out: &Sender<(u64, Item)>) -> Result<Option<T>, Unwanted> {
        (self.next_file, self.blocks) = (self.files.len(), None);
        self.send(Item::Failed(error), out)?;
        Ok(None)
    }

    fn send(&mut self, item: Item, out: &Sender<(u64, Item)>) -> Result<(), Unwanted> {
        out.send((self.number(), item)).map_err(|_| Unwanted)
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers - 1
    }
}
