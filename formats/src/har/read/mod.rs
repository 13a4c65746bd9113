//! HAR documents of anybody, as flows: entry by entry out of a stream, of which one entry is held at a time.
//!
//! In: bytes. Out: flows, and an [`Account`] of what was left out and why. What is loose is taken as it is meant; a document
//! that is cut off gives what was whole; what is no HAR is an error, with its place. [`document`] finds the entries, by
//! [`scan`]; [`loose`] is what an entry may look like; [`ours`] and [`foreign`] make flows of it. Not here: redaction. A
//! flow of somebody else's entry has its secrets in it, and says so ([`Flow::unredacted`]).

mod scan;
mod document;
mod loose;
mod ours;
mod foreign;
mod body;
mod failure;

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use self::{document::Document, loose::Creator, scan::Fault};
use super::Glyph;
use crate::{Flow, UnixNanos};

pub use self::document::begins;

/// No entry is larger; one that is, is left out. So large a line a file of flows could not have either.
const LARGEST: usize = 192 << 20;
/// So many reasons are told apart.
const REASONS: usize = 32;

/// Why a document can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HarError {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no JSON.
    #[error("byte {at}: {what}")]
    Syntax {
        /// Where, from 0.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// It is JSON, and no HAR.
    #[error("is no HAR document: it has no \"log\"")]
    NoLog,
    /// It ends before there is anything in it.
    #[error("byte {at}: the document ends before its \"log\" begins")]
    Empty {
        /// How long it is.
        at: u64,
    },
}

/// A flow out of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The flow.
    pub flow: Flow,
    /// Whether the entry was written of a flow, and this is it again.
    pub is_ours: bool,
}

/// What was in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Entries, all in all.
    pub entries: u64,
    /// Those of which flows were made.
    pub flows: u64,
    /// Those, of these, that were written of flows.
    pub ours: u64,
    /// Entries of which none were made, by the reason.
    pub left_out: BTreeMap<String, u64>,
    /// Entries whose time can't be read; they have that of the one before.
    pub without_time: u64,
    /// Where the document ends, if it was cut off.
    pub cut_at: Option<u64>,
    /// Who wrote it: name and version.
    pub creator: Option<String>,
}

/// The flows of a document.
pub struct Reader<R> {
    document: Document<R>,
    entry: Vec<u8>,
    largest: usize,
    account: Account,
    /// The time of the last entry that had one.
    time: UnixNanos,
    /// Whether nothing more comes.
    is_over: bool,
}

impl<R: Read> Reader<R> {
    /// Of a document.
    pub fn new(inner: R) -> Self {
        Self {
            document: Document::new(inner),
            entry: Vec::new(),
            largest: LARGEST,
            account: Account::default(),
            time: UnixNanos(0),
            is_over: false,
        }
    }

    /// What was in it so far; all of it after the last flow.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The next flow; none at the end.
    fn advance(&mut self) -> Result<Option<Imported>, HarError> {
        loop {
            let value = match self.document.next(&mut self.entry, self.largest) {
                Ok(Some(value)) => value,
                Ok(None) => return self.ended().map(|()| None),
                Err(fault) => return self.broken(fault).map(|()| None),
            };
            self.account.entries += 1;
            if !value.kept {
                self.leave_out(format!("larger than {} MiB", self.largest >> 20));
                continue;
            }
            match self.imported(value.at)? {
                Ok(imported) => {
                    self.account.flows += 1;
                    self.account.ours += u64::from(imported.is_ours);
                    return Ok(Some(imported));
                }
                Err(why) => self.leave_out(why),
            }
        }
    }

    /// The flow of the entry at that place, or why there is none.
    fn imported(&mut self, at: u64) -> Result<Result<Imported, String>, HarError> {
        let mut entry: loose::Entry<'_> = match serde_json::from_slice(&self.entry) {
            Ok(entry) => entry,
            Err(error) if error.is_data() => return Ok(Err("that are no objects".to_owned())),
            Err(error) => {
                let at = at + offset(&self.entry, error.line(), error.column());
                let what = error.to_string();
                // Its own place is within the entry.
                let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
                return Err(HarError::Syntax { at, what });
            }
        };
        if let Some(glyph) = entry.glyph.and_then(|raw| serde_json::from_str::<Glyph>(raw.get()).ok())
            && let Some(flow) = ours::flow(&mut entry, glyph)
        {
            self.time = flow.start_time_unix_nano;
            return Ok(Ok(Imported { flow, is_ours: true }));
        }
        // What was taken out of it for a flow that did not come to be is there once more.
        if entry.glyph.is_some() {
            entry = serde_json::from_slice(&self.entry).unwrap_or_default();
        }
        let (flow, is_timed) = match foreign::flow(entry, &self.entry, self.account.flows + 1, self.time) {
            Ok(made) => made,
            Err(why) => return Ok(Err(why)),
        };
        self.account.without_time += u64::from(!is_timed);
        self.time = flow.start_time_unix_nano;
        Ok(Ok(Imported { flow, is_ours: false }))
    }

    fn leave_out(&mut self, why: String) {
        let left_out = &mut self.account.left_out;
        let is_known = left_out.len() < REASONS || left_out.contains_key(&why);
        *left_out.entry(if is_known { why } else { "for other reasons".to_owned() }).or_default() += 1;
    }

    fn ended(&mut self) -> Result<(), HarError> {
        self.tell_creator();
        if self.document.has_log() { Ok(()) } else { Err(HarError::NoLog) }
    }

    /// The document can't be followed any further.
    fn broken(&mut self, fault: Fault) -> Result<(), HarError> {
        let at = self.document.position();
        self.tell_creator();
        match fault {
            Fault::Ended if self.document.has_log() => {
                self.account.cut_at = Some(at);
                Ok(())
            }
            Fault::Ended => Err(HarError::Empty { at }),
            Fault::Io(error) => Err(error.into()),
            Fault::Syntax { at, what } => Err(HarError::Syntax { at, what: what.to_owned() }),
        }
    }

    fn tell_creator(&mut self) {
        let creator: Creator = serde_json::from_slice(&self.document.creator).unwrap_or_default();
        let told = format!("{} {}", creator.name.text(), creator.version.text());
        self.account.creator = Some(told.trim().to_owned()).filter(|told| !told.is_empty());
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Imported, HarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.advance().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Where in a text a line and column are, both from 1.
fn offset(text: &[u8], line: usize, column: usize) -> u64 {
    let before: usize =
        text.split_inclusive(|b| *b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)) as u64
}

#[cfg(test)]
mod tests;
