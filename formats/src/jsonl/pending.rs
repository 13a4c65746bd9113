//! What waits to be written: whole records, the first of which may stand in the file in part.

use std::io::{self, Write};

use memchr::{memchr_iter, memrchr};

/// Bytes on their way to a file. They are kept until the record that they belong to is in the file as a whole: if
/// the file turns out to be another one than that in which it was begun, it is written again from its beginning.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// How many of them the file has taken.
    out: usize,
}

impl Pending {
    /// Where new records are added.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// How many bytes the file has not taken.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records are not in the file as a whole.
    pub(super) fn records(&self) -> u64 {
        // The end of somebody else's torn line is no record.
        memchr_iter(b'\n', &self.bytes).filter(|at| *at > 0).count() as u64
    }

    /// Writes as much as the file takes; returns how much that was, and why it was not all.
    pub(super) fn write_to(&mut self, file: &mut dyn Write) -> (u64, io::Result<()>) {
        let before = self.out;
        let result = loop {
            if self.is_empty() {
                break Ok(());
            }
            match file.write(&self.bytes[self.out..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.out += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        let written = (self.out - before) as u64;
        let whole = memrchr(b'\n', &self.bytes[..self.out]).map_or(0, |at| at + 1);
        let whole = if self.is_empty() { self.out } else { whole };
        self.bytes.drain(..whole);
        self.out -= whole;
        (written, result)
    }

    /// How many bytes of the first record the file has taken.
    pub(super) fn begun(&self) -> u64 {
        self.out as u64
    }

    /// Nothing is to be written any more.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.out = 0;
    }

    /// The file that has the beginning of the first record is gone.
    pub(super) fn begin_again(&mut self) {
        self.out = 0;
    }
}
