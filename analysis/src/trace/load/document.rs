//! JSON values one after the other, over as many lines as they like, read without holding the file.
//!
//! In: an opened file that is no line file. Out: chunks of spans as they come together, and where the file broke off.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use glyph_formats::jsonl::{ReadError, input::Input};

use super::{
    Want,
    chunk::Chunk,
    foreign::{self, Refused},
    lines::Fault,
};

/// So many spans are handed on together.
const SPANS: usize = 1 << 16;

/// What came of a document after the chunks.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Why it could not be read to its end.
    pub(super) broken: Option<Fault>,
    /// Whether its compression was cut short.
    pub(super) cut_short: bool,
}

/// Reads a file to its end, to its first fault, or until `send` takes no more.
pub(super) fn read(
    input: Input,
    want: &Want,
    send: &mut dyn FnMut(Chunk) -> bool,
) -> Result<Ended, ReadError> {
    let path = input.path;
    let mut source =
        Source { inner: BufReader::with_capacity(1 << 17, input.reader), line: 1, cut_short: false };
    let mut chunk = Chunk::new(want.clone());
    let mut broken = None;
    let mut wanted = true;
    while wanted && broken.is_none() && source.more().map_err(|source| io_error(&path, source))? {
        let mut hand_on = |chunk: &mut Chunk| {
            if chunk.len() >= SPANS {
                wanted = send(std::mem::replace(chunk, Chunk::new(want.clone())));
            }
            wanted
        };
        let json = serde_json::Deserializer::from_reader(&mut source);
        match foreign::take(json, &mut chunk, &mut hand_on) {
            Ok(()) => {}
            Err(Refused::Json(error)) if error.is_io() => return Err(io_error(&path, error.into())),
            Err(refused) => broken = Some(refused.at(source.line)),
        }
    }
    if wanted {
        send(chunk);
    }
    Ok(Ended { broken, cut_short: source.cut_short })
}

fn io_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io { path: path.to_owned(), source }
}

/// Bytes, with the lines counted, that end where a compressed file was cut short.
struct Source<R> {
    inner: BufReader<R>,
    line: u64,
    cut_short: bool,
}

impl<R: Read> Source<R> {
    /// Goes to the next value; false if there is none.
    fn more(&mut self) -> io::Result<bool> {
        loop {
            let bytes = match self.inner.fill_buf() {
                Ok([]) => return Ok(false),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.cut_short = true;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            };
            let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let found = blank < bytes.len();
            self.line += bytes[..blank].iter().filter(|b| **b == b'\n').count() as u64;
            self.inner.consume(blank);
            if found {
                return Ok(true);
            }
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match self.inner.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.cut_short = true;
                0
            }
            other => other?,
        };
        self.line += buf[..n].iter().filter(|b| **b == b'\n').count() as u64;
        Ok(n)
    }
}
