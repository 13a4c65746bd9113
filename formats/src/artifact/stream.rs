//! The archive's bytes, which a thread of their own decompresses ahead of who reads them.

use std::{
    io,
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    thread,
    time::Duration,
};

use super::{
    CHUNK, Limits,
    decoded::{Broken, Decoded},
};
use crate::jsonl::input::Progress;

/// How many pieces may wait.
const AHEAD: usize = 8;

/// How long nothing may come before it is asked whether anybody wants it.
const PATIENCE: Duration = Duration::from_millis(100);

/// The decompressed bytes, piece by piece.
pub(super) struct Stream {
    pieces: Receiver<Result<Vec<u8>, Broken>>,
    /// Buffers go back to be filled again.
    spare: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    pub(super) limits: Limits,
    pub(super) progress: Progress,
}

impl Stream {
    /// Opens a file; none if it is not compressed in a way that is known.
    pub(super) fn open(path: &Path, limits: Limits) -> io::Result<Option<Self>> {
        let Some(decoded) = Decoded::open(path, limits)? else { return Ok(None) };
        let progress = decoded.progress.clone();
        let (filled, pieces) = mpsc::sync_channel(AHEAD);
        let (spare, empty) = mpsc::sync_channel(AHEAD + 2);
        // It ends when nobody takes what it has.
        thread::Builder::new()
            .name("decompress".to_owned())
            .spawn(move || ahead(decoded, &filled, &empty))?;
        Ok(Some(Self { pieces, spare, piece: Vec::new(), at: 0, limits, progress }))
    }

    /// The next bytes, at most so many; none at the end.
    pub(super) fn next(&mut self, most: usize) -> Result<&[u8], Broken> {
        if self.at == self.piece.len() {
            let next = self.wait()?;
            let old = std::mem::replace(&mut self.piece, next);
            // Where there is no room there are enough.
            drop(self.spare.try_send(old));
            self.at = 0;
        }
        let n = most.min(self.piece.len() - self.at);
        let bytes = &self.piece[self.at..self.at + n];
        self.at += n;
        Ok(bytes)
    }

    fn wait(&self) -> Result<Vec<u8>, Broken> {
        loop {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(next) => return next,
                // What comes through a pipe may not come for long.
                Err(RecvTimeoutError::Timeout) if self.progress.is_stopped() => return Err(Broken::Stopped),
                Err(RecvTimeoutError::Timeout) => {}
                // An end without a word is that of the thread.
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
            }
        }
    }

    /// Fills the buffer to its end.
    pub(super) fn fill_whole(&mut self, buffer: &mut [u8]) -> Result<(), Broken> {
        let mut filled = 0;
        while filled < buffer.len() {
            let bytes = self.next(buffer.len() - filled)?;
            if bytes.is_empty() {
                return Err(ends_early());
            }
            buffer[filled..filled + bytes.len()].copy_from_slice(bytes);
            filled += bytes.len();
        }
        Ok(())
    }
}

/// What is said where more was to come.
pub(super) fn ends_early() -> Broken {
    Broken::Damaged("it ends before its end".to_owned())
}

/// Decompresses until there is nothing more, or nobody takes it. The last piece is empty, or says what is wrong.
fn ahead(mut decoded: Decoded, filled: &SyncSender<Result<Vec<u8>, Broken>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut piece = empty.try_recv().unwrap_or_default();
        piece.resize(CHUNK, 0);
        let next = decoded.fill(&mut piece).map(|n| {
            piece.truncate(n);
            piece
        });
        let is_last = next.as_ref().map_or(true, Vec::is_empty);
        if filled.send(next).is_err() || is_last {
            return;
        }
    }
}
