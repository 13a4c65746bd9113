//! Holds a Chrome trace to the rules of the viewers.
//!
//! In: the bytes of a file that a test has written. Out: its [`Picture`], with every arrow tied to slices as Perfetto
//! ties it (seen with its trace processor 52), or the first [`Fault`]. The rules are those of the Trace Event Format document, of catapult's and Perfetto's
//! JSON importers, and of speedscope. Not here: whether it is the picture of the right spans; and nothing of Glyph's own
//! writer, lest the two be wrong together.

mod arrows;
mod events;
mod nesting;

use std::fmt;

use events::{Event, File};

/// What a viewer makes of a file.
#[derive(Debug, Default)]
pub struct Picture {
    /// Every `X` event, in the order of the file.
    pub slices: Vec<Slice>,
    /// Of every arrow, the positions of the slices that it leads from and to.
    pub arrows: Vec<(usize, usize)>,
    /// How many `i` events there are.
    pub instants: usize,
}

/// A slice.
#[derive(Debug)]
pub struct Slice {
    /// Its name.
    pub name: String,
    /// Its thread.
    pub thread: Thread,
    /// When it starts and how long it lasts, in nanoseconds.
    pub start: u64,
    /// See there.
    pub duration: u64,
    /// The position of the slice in which it is drawn.
    pub within: Option<usize>,
    /// Its arguments.
    pub args: serde_json::Value,
}

/// A process and a thread of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thread {
    /// The process.
    pub pid: u64,
    /// The thread.
    pub tid: u64,
}

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} tid {}", self.pid, self.tid)
    }
}

/// What is wrong with a file: the position of the event in `traceEvents`, if it is one's fault, and why.
#[derive(Debug)]
pub struct Fault {
    at: Option<usize>,
    why: String,
}

impl Fault {
    fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at: Some(at), why: why.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "event {at}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Fault {}

/// Checks a file.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(file: &[u8]) -> Result<Picture, Fault> {
    let file: File = serde_json::from_slice(file).map_err(|e| Fault { at: None, why: e.to_string() })?;
    let read = file.trace_events.iter().enumerate().map(|(at, event)| Event::read(at, event));
    let events = read.collect::<Result<Vec<_>, _>>()?;
    events::names(&events)?;
    let mut picture = Picture { slices: nesting::slices(&events)?, ..Picture::default() };
    picture.arrows = arrows::arrows(&events, &picture.slices)?;
    picture.instants = events.iter().filter(|e| e.phase == "i").count();
    Ok(picture)
}

#[cfg(test)]
mod tests;
