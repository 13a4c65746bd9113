//! JSON values one after the other, over as many lines as they like, read without holding the file.
//!
//! In: an opened file that is no line file. Out: chunks of spans as they come together, and where the file broke off.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
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

/// No text, number or gap between them is longer.
const TOKEN: u64 = 64 << 20;

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
    let mut source = Source {
        inner: BufReader::with_capacity(1 << 17, input.reader),
        line: 1,
        cut_short: false,
        held: &held,
        token: Token::default(),
        too_large: None,
    };
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
        let begin = source.line;
        let no_json = if std::mem::take(&mut is_first) { found::bytes(source.inner.buffer()) } else { None };
        let json = serde_json::Deserializer::from_reader(&mut source);
        let taken = foreign::take(json, &mut chunk, &mut hand_on);
        broken = match (taken, source.too_large, no_json) {
            (_, Some(what), _) => Some(Refused::TooLarge(what).at(source.line)),
            (Ok(()), ..) => None,
            (Err(Refused::Json(error)), ..) if error.is_io() => return Err(io_error(&path, error.into())),
            (Err(Refused::Json(error)), _, Some(what)) if error.is_syntax() => {
                Some(Refused::NoSpan(what.to_owned()).at(begin))
            }
            (Err(refused @ Refused::NoSpan(_)), ..) => Some(refused.at(begin)),
            (Err(refused), ..) => Some(refused.at(source.line)),
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
/// hold more than it may.
struct Source<'h, R> {
    inner: BufReader<R>,
    line: u64,
    cut_short: bool,
    /// How much has come since spans were last handed on.
    held: &'h Cell<u64>,
    token: Token,
    /// What is too large, where something is.
    too_large: Option<&'static str>,
}

/// How long it is since something of JSON's structure came.
#[derive(Debug, Default)]
struct Token {
    in_text: bool,
    escaped: bool,
    length: u64,
}

impl Token {
    fn take(&mut self, byte: u8) {
        self.length += 1;
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
        } else if matches!(byte, b'"' | b',' | b':' | b'[' | b']' | b'{' | b'}') {
            self.in_text = byte == b'"';
            self.length = 0;
        }
    }
}

impl<R: Read> Source<'_, R> {
    /// Goes to the next value; false if there is none.
    fn more(&mut self) -> io::Result<bool> {
        self.token = Token::default();
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

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.token.length > TOKEN {
            self.too_large = Some("a text in it is longer than 64 MiB");
        } else if self.held.get() > HELD {
            self.too_large = Some("a single trace or resource in it is larger than 256 MiB");
        }
        if self.too_large.is_some() {
            return Ok(0);
        }
        let n = match self.inner.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.cut_short = true;
                0
            }
            other => other?,
        };
        self.held.set(self.held.get() + n as u64);
        for byte in &buf[..n] {
            self.token.take(*byte);
            self.line += u64::from(*byte == b'\n');
        }
        Ok(n)
    }
}
