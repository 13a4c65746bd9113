//! JSON by its outline: members, elements and where values end, out of a stream. What is in a value is not looked at, only
//! its quotes and brackets.

use std::io::{self, Read};

use memchr::memchr2;

const BUFFER: usize = 1 << 16;
/// The longest name of a member that is kept; no name that is looked for is longer.
const NAME: usize = 256;

/// Why the outline can't be followed.
#[derive(Debug)]
pub(super) enum Fault {
    /// Reading failed.
    Io(io::Error),
    /// The input ends before the document does.
    Ended,
    /// It is no JSON.
    Syntax { at: u64, what: &'static str },
}

/// What becomes of a value's bytes.
pub(super) enum Into<'a> {
    Nothing,
    /// They replace what the vector holds. If they are more than so many, it is left empty.
    Bytes(&'a mut Vec<u8>, usize),
}

/// Where a value lies, and whether its bytes were kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) at: u64,
    pub(super) kept: bool,
}

/// Walks through a document.
pub(super) struct Scanner<R> {
    inner: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    /// The bytes that came before the buffer.
    passed: u64,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; BUFFER].into(), at: 0, end: 0, passed: 0 }
    }

    /// How many bytes have been passed.
    pub(super) fn position(&self) -> u64 {
        self.passed + self.at as u64
    }

    fn syntax<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault::Syntax { at: self.position(), what })
    }

    /// The bytes that are here; none at the end.
    fn chunk(&mut self) -> Result<&[u8], Fault> {
        while self.at == self.end {
            self.passed += self.end as u64;
            (self.at, self.end) = (0, 0);
            match self.inner.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n) => self.end = n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // A compressed file that was cut.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(e) => return Err(Fault::Io(e)),
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn peek(&mut self) -> Result<u8, Fault> {
        self.chunk()?.first().copied().ok_or(Fault::Ended)
    }

    /// The next byte that is no blank, which stays.
    pub(super) fn token(&mut self) -> Result<u8, Fault> {
        loop {
            let byte = self.peek()?;
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
            self.at += 1;
        }
    }

    /// Passes the mark of UTF-8 at the beginning, if it is there.
    pub(super) fn byte_order_mark(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            0xef => {
                for byte in [0xef, 0xbb, 0xbf] {
                    if self.peek()? != byte {
                        return self.syntax("this is no UTF-8");
                    }
                    self.at += 1;
                }
                Ok(())
            }
            0xfe | 0xff => self.syntax("this is UTF-16; JSON is UTF-8"),
            _ => Ok(()),
        }
    }

    /// Passes that byte, which must be the next.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.token()? != byte {
            return self.syntax(what);
        }
        self.at += 1;
        Ok(())
    }

    /// The name of an object's next member, and passes what stands before its value; none at the object's end.
    pub(super) fn member(&mut self, is_first: bool) -> Result<Option<Vec<u8>>, Fault> {
        if !self.more(is_first, b'}', "expected , or }")? {
            return Ok(None);
        }
        if self.token()? != b'"' {
            return self.syntax("expected the name of a member, in quotes");
        }
        let mut name = Vec::new();
        self.value(Into::Bytes(&mut name, NAME))?;
        self.expect(b':', "expected : behind the name of a member")?;
        // Names that are looked for have no escapes.
        Ok(Some(name.get(1..name.len().max(2) - 1).unwrap_or_default().to_vec()))
    }

    /// Whether an array has another element.
    pub(super) fn element(&mut self, is_first: bool) -> Result<bool, Fault> {
        self.more(is_first, b']', "expected , or ]")
    }

    fn more(&mut self, is_first: bool, end: u8, what: &'static str) -> Result<bool, Fault> {
        let byte = self.token()?;
        if byte == end {
            self.at += 1;
            return Ok(false);
        }
        if is_first {
            return Ok(true);
        }
        self.expect(b',', what)?;
        Ok(true)
    }

    /// Passes a value.
    pub(super) fn value(&mut self, into: Into<'_>) -> Result<Value, Fault> {
        let first = self.token()?;
        let at = self.position();
        let mut keep = Keep::new(into);
        match first {
            b'"' => self.string(&mut keep)?,
            b'{' | b'[' => self.nested(&mut keep)?,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.word(&mut keep)?,
            _ => return self.syntax("expected a value"),
        }
        Ok(Value { at, kept: keep.end() })
    }

    /// Takes so many bytes of the chunk.
    fn take(&mut self, n: usize, keep: &mut Keep<'_>) {
        keep.push(&self.buffer[self.at..self.at + n]);
        self.at += n;
    }

    fn string(&mut self, keep: &mut Keep<'_>) -> Result<(), Fault> {
        self.take(1, keep);
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Err(Fault::Ended);
            }
            let all = chunk.len();
            match memchr2(b'"', b'\\', chunk).map(|at| (at, chunk[at])) {
                None => self.take(all, keep),
                Some((at, b'"')) => {
                    self.take(at + 1, keep);
                    return Ok(());
                }
                Some((at, _)) => {
                    self.take(at + 1, keep);
                    self.peek()?;
                    self.take(1, keep);
                }
            }
        }
    }

    fn nested(&mut self, keep: &mut Keep<'_>) -> Result<(), Fault> {
        let mut depth = 0_u64;
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Err(Fault::Ended);
            }
            let marks = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
            let all = chunk.len();
            let Some((at, mark)) = chunk.iter().position(marks).map(|at| (at, chunk[at])) else {
                self.take(all, keep);
                continue;
            };
            if mark == b'"' {
                self.take(at, keep);
                self.string(keep)?;
                continue;
            }
            self.take(at + 1, keep);
            match mark {
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A number, or one of the three words.
    fn word(&mut self, keep: &mut Keep<'_>) -> Result<(), Fault> {
        loop {
            let chunk = self.chunk()?;
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            let all = chunk.len();
            match chunk.iter().position(ends) {
                Some(at) => {
                    self.take(at, keep);
                    return Ok(());
                }
                None if all == 0 => return Err(Fault::Ended),
                None => self.take(all, keep),
            }
        }
    }
}

/// The bytes of a value, as far as they are wanted.
struct Keep<'a> {
    into: Into<'a>,
    kept: bool,
}

impl<'a> Keep<'a> {
    fn new(mut into: Into<'a>) -> Self {
        if let Into::Bytes(bytes, _) = &mut into {
            bytes.clear();
        }
        let kept = matches!(into, Into::Bytes(..));
        Self { into, kept }
    }

    fn push(&mut self, more: &[u8]) {
        let Into::Bytes(bytes, most) = &mut self.into else { return };
        if self.kept && bytes.len() + more.len() <= *most {
            bytes.extend_from_slice(more);
        } else {
            self.kept = false;
            bytes.clear();
        }
    }

    fn end(self) -> bool {
        self.kept
    }
}
