//! What a writer tells of its file while it writes.

use std::{fmt, io, path::Path};

/// Something happened to a file that is written.
#[derive(Debug)]
pub enum FileEvent<'a> {
    /// It can't be written: told once, until it can be again.
    Failed(&'a io::Error),
    /// It can be written again.
    Recovered,
    /// It was deleted, replaced or cut by somebody else, and was begun anew.
    TakenAway,
    /// It was closed under a segment's name, and a new one is begun.
    Closed,
    /// A closed segment is there compressed; the plain one is deleted next.
    Compressed,
    /// A closed segment could not be compressed, and stays as it is.
    NotCompressed(&'a io::Error),
    /// The oldest closed segment was deleted, to stay under the cap on the total.
    Deleted,
}

/// Who is told. Called on the thread that writes, or on the one that compresses.
pub trait Observer: fmt::Debug + Send + Sync {
    /// `path` is the plain name, not a segment's.
    fn tell(&self, path: &Path, event: FileEvent<'_>);
}
