//! A HAR document as a stream: its entries one after the other, whatever stands before, between and behind them.

use std::io::Read;

use super::scan::{Fault, Into, Scanner, Value};

/// The most that is kept of who wrote it.
const CREATOR: usize = 1 << 12;

/// Where in the document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Top,
    Log,
    Entries,
    End,
}

/// The document.
pub(super) struct Document<R> {
    scanner: Scanner<R>,
    place: Place,
    /// Whether the next member or element of that place is its first.
    is_first: bool,
    has_log: bool,
    /// The JSON of who wrote it.
    pub(super) creator: Vec<u8>,
}

impl<R: Read> Document<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            scanner: Scanner::new(inner),
            place: Place::Start,
            is_first: true,
            has_log: false,
            creator: Vec::new(),
        }
    }

    /// How many bytes have been passed.
    pub(super) fn position(&self) -> u64 {
        self.scanner.position()
    }

    /// Whether it was found to be a HAR document: it has a `log`.
    pub(super) fn has_log(&self) -> bool {
        self.has_log
    }

    /// Puts the next entry into `bytes`, unless it is longer than so many; none at the end.
    pub(super) fn next(&mut self, bytes: &mut Vec<u8>, most: usize) -> Result<Option<Value>, Fault> {
        loop {
            match self.place {
                Place::Start => {
                    self.scanner.byte_order_mark()?;
                    self.scanner.expect(b'{', "expected {, with which a HAR document begins")?;
                    self.enter(Place::Top);
                }
                Place::Top => match self.member()? {
                    None => self.place = Place::End,
                    Some(name) if name == b"log" && !self.has_log && self.scanner.token()? == b'{' => {
                        self.scanner.expect(b'{', "")?;
                        self.has_log = true;
                        self.enter(Place::Log);
                    }
                    Some(_) => {
                        self.scanner.value(Into::Nothing)?;
                    }
                },
                Place::Log => match self.member()? {
                    None => self.place = Place::Top,
                    Some(name) if name == b"entries" && self.scanner.token()? == b'[' => {
                        self.scanner.expect(b'[', "")?;
                        self.enter(Place::Entries);
                    }
                    Some(name) if name == b"creator" => {
                        self.scanner.value(Into::Bytes(&mut self.creator, CREATOR))?;
                    }
                    Some(_) => {
                        self.scanner.value(Into::Nothing)?;
                    }
                },
                Place::Entries => {
                    if self.scanner.element(std::mem::take(&mut self.is_first))? {
                        return self.scanner.value(Into::Bytes(bytes, most)).map(Some);
                    }
                    self.place = Place::Log;
                }
                Place::End => return Ok(None),
            }
        }
    }

    fn enter(&mut self, place: Place) {
        (self.place, self.is_first) = (place, true);
    }

    fn member(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        self.scanner.member(std::mem::take(&mut self.is_first))
    }
}

/// Whether that begins a HAR document: an object with a `log` that is one, too.
pub fn begins(head: &[u8]) -> bool {
    let mut document = Document::new(head);
    // Whether it ends there, and how, is all the same.
    drop(document.next(&mut Vec::new(), 0));
    document.has_log
}
