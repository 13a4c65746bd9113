//! JSON values one after the other, over as many lines as they like, read without holding the file.
//!
//! In: an opened file that is no line file. Out: chunks of spans as they come together, and where the file broke off.

use std::{
    cell::Cell,
    io::{self, Read},
    path::Path,
};

use glyph_formats::jsonl::{ReadError, input::Input};

use super::{
    Want,
    chunk::Chunk,
    foreign::{self, Refused},
    found,
    lines::Fault,
};

/// So many spans are handed on together.
const SPANS: usize = 1 << 16;

/// So much is read at once.
const BUFFER: usize = 1 << 17;

/// No text, number or gap between them is longer.
const TEXT: u64 = 64 << 20;

/// No resource whose spans come before its name, and no trace of Jaeger's, is longer: their text has to be held.
const HELD: u64 = 256 << 20;

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
    let held = Cell::new(0);
    let mut source = Source::new(input.reader, &held);
    let mut chunk = Chunk::new(want.clone());
    let mut broken = None;
    let mut wanted = true;
    let mut is_first = true;
    while wanted && broken.is_none() && source.more().map_err(|source| io_error(&path, source))? {
        let mut hand_on = |chunk: &mut Chunk| {
            held.set(0);
            if chunk.len() >= SPANS {
                wanted = send(std::mem::replace(chunk, Chunk::new(want.clone())));
            }
            wanted
        };
        held.set(0);
        let begin = source.line();
        let no_json =
            if std::mem::take(&mut is_first) { found::bytes(&source.buffer[source.at..]) } else { None };
        let json = serde_json::Deserializer::from_reader(&mut source);
        let taken = foreign::take(json, &mut chunk, &mut hand_on);
        broken = match (taken, source.too_large, no_json) {
            (_, Some(what), _) => Some(Refused::TooLarge(what).at(source.line())),
            (Ok(()), ..) => None,
            (Err(Refused::Json(error)), ..) if error.is_io() => return Err(io_error(&path, error.into())),
            (Err(Refused::Json(error)), _, Some(what)) if error.is_syntax() => {
                Some(Refused::NoSpan(what.to_owned()).at(begin))
            }
            (Err(refused @ Refused::NoSpan(_)), ..) => Some(refused.at(begin)),
            (Err(refused), ..) => Some(refused.at(source.line())),
        };
    }
    if wanted {
        send(chunk);
    }
    Ok(Ended { broken, cut_short: source.cut_short })
}

fn io_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io { path: path.to_owned(), source }
}

/// Bytes, with the lines counted, that end where a compressed file was cut short, and where a parser would have to
/// hold more than it may. It is read byte by byte: all but giving the next one is done for many together.
struct Source<'h, R> {
    inner: R,
    buffer: Vec<u8>,
    /// Which byte of the buffer comes next.
    at: usize,
    /// How many lines there were up to `counted` in the buffer.
    lines: u64,
    counted: usize,
    cut_short: bool,
    /// How much has come since spans were last handed on.
    held: &'h Cell<u64>,
    /// How much has come since the last quote or comma, of which a long text has none, or one now and then.
    unbroken: u64,
    /// What is too large, where something is.
    too_large: Option<&'static str>,
}

impl<'h, R: Read> Source<'h, R> {
    fn new(inner: R, held: &'h Cell<u64>) -> Self {
        Self {
            inner,
            buffer: Vec::with_capacity(BUFFER),
            at: 0,
            lines: 1,
            counted: 0,
            cut_short: false,
            held,
            unbroken: 0,
            too_large: None,
        }
    }

    /// Goes to the next value; false if there is none.
    fn more(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.buffer[self.at..];
            let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            self.at += blank;
            if self.at < self.buffer.len() {
                return Ok(true);
            }
            self.held.set(0);
            self.fill()?;
            if self.buffer.is_empty() {
                return Ok(false);
            }
        }
    }

    /// The line of the byte that comes next.
    fn line(&mut self) -> u64 {
        let new = &self.buffer[std::mem::replace(&mut self.counted, self.at)..self.at];
        self.lines += memchr::memchr_iter(b'\n', new).count() as u64;
        self.lines
    }

    /// Reads on; the buffer is empty at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.line();
        (self.at, self.counted) = (0, 0);
        self.buffer.clear();
        if self.unbroken > TEXT {
            self.too_large = Some("a text in it is longer than 64 MiB");
        } else if self.held.get() > HELD {
            self.too_large = Some("a single trace or resource in it is larger than 256 MiB");
        }
        if self.too_large.is_some() {
            return Ok(());
        }
        match self.inner.by_ref().take(BUFFER as u64).read_to_end(&mut self.buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.cut_short = true,
            other => drop(other?),
        }
        let length = self.buffer.len() as u64;
        self.held.set(self.held.get() + length);
        self.unbroken = match memchr::memrchr2(b'"', b',', &self.buffer) {
            Some(at) => length - at as u64,
            None => self.unbroken + length,
        };
        Ok(())
    }
}

impl<R: Read> Read for Source<'_, R> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        let rest = &self.buffer[self.at..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}
