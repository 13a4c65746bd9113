//! The archive's bytes compressed, on as many threads as there are cores.
//!
//! They are cut into pieces of one size, each of which is a frame of its own. So the same bytes are the same frames,
//! whoever compresses which, and Zstandard's readers take frames that follow each other as one stream.

use std::{
    io::{self, Write},
    mem,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use zstd::bulk::Compressor;

use super::ArtifactError;

/// The same content at the same level in the same pieces is the same artifact; others are another format version.
const ZSTD_LEVEL: i32 = 3;
/// What is compressed at a time. The window of that level is 2 MiB: larger pieces hardly get smaller.
const PIECE: usize = 4 << 20;
/// More do not help: one thread reads and hashes no faster than three compress.
const MOST_THREADS: usize = 4;

/// A piece on its way: what it is, and where it is to go.
type Job = (Vec<u8>, SyncSender<io::Result<Vec<u8>>>);

/// Bytes that are to be compressed.
pub(super) struct Frames<'a> {
    filling: Vec<u8>,
    filled: usize,
    /// How many bytes came.
    pub(super) taken: u64,
    jobs: SyncSender<Job>,
    order: SyncSender<Receiver<io::Result<Vec<u8>>>>,
    spare: &'a Spare,
    stopped: &'a dyn Fn() -> ArtifactError,
}

impl Frames<'_> {
    /// Room for the next bytes, some at least.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.filling[self.filled..]
    }

    /// So many bytes were put there.
    pub(super) fn advance(&mut self, bytes: usize) -> Result<(), ArtifactError> {
        self.filled += bytes;
        self.taken += bytes as u64;
        if self.filled == PIECE { self.dispatch() } else { Ok(()) }
    }

    /// Takes these bytes.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), ArtifactError> {
        while !bytes.is_empty() {
            let room = self.room();
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            self.advance(n)?;
            bytes = &bytes[n..];
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Result<(), ArtifactError> {
        if self.filled == 0 {
            return Ok(());
        }
        let mut piece = mem::replace(&mut self.filling, self.spare.take(PIECE));
        piece.truncate(self.filled);
        self.filled = 0;
        let (done, compressed) = mpsc::sync_channel(1);
        // Who takes them is gone when the disk refused.
        self.order.send(compressed).map_err(|_| (self.stopped)())?;
        self.jobs.send((piece, done)).map_err(|_| (self.stopped)())
    }
}

/// Has `feed` give the bytes, and writes what they are compressed to; returns what `feed` did, and how much was written.
pub(super) fn compressed<T>(
    threads: usize,
    to: &mut (dyn Write + Send),
    io: &dyn Fn(io::Error) -> ArtifactError,
    feed: impl FnOnce(&mut Frames<'_>) -> Result<T, ArtifactError>,
) -> Result<(T, u64), ArtifactError> {
    let threads = threads.clamp(1, MOST_THREADS);
    // What was read goes into larger buffers than what is made of it.
    let (spare, spare_out) = (Spare::default(), Spare::default());
    let (jobs, waiting) = mpsc::sync_channel::<Job>(1);
    let waiting = Mutex::new(waiting);
    let (order, ordered) = mpsc::sync_channel(threads + 1);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&waiting, &spare, &spare_out));
        }
        let writer = scope.spawn(|| write(ordered, to, &spare_out));
        let stopped = || io(io::ErrorKind::BrokenPipe.into());
        let filling = spare.take(PIECE);
        let mut frames =
            Frames { filling, filled: 0, taken: 0, jobs, order, spare: &spare, stopped: &stopped };
        let fed = feed(&mut frames).and_then(|fed| frames.dispatch().map(|()| fed));
        // The threads end when there is nothing more to come.
        drop(frames);
        let written = writer.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended early")));
        match (fed, written) {
            (_, Err(error)) => Err(io(error)),
            (fed, Ok(packed)) => Ok((fed?, packed)),
        }
    })
}

/// Compresses one piece by itself.
pub(super) fn frame(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Compressor::new(ZSTD_LEVEL)?.compress(bytes)
}

fn work(waiting: &Mutex<Receiver<Job>>, spare: &Spare, spare_out: &Spare) {
    let mut compressor = Compressor::new(ZSTD_LEVEL);
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((piece, done)) = job else { return };
        let mut out = spare_out.take(0);
        out.clear();
        out.reserve(zstd::zstd_safe::compress_bound(piece.len()));
        let compressed = match &mut compressor {
            Ok(compressor) => compressor.compress_to_buffer(&piece[..], &mut out).map(|_| out),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        spare.put(piece);
        // Nobody takes it when the disk refused.
        drop(done.send(compressed));
    }
}

fn write(
    ordered: Receiver<Receiver<io::Result<Vec<u8>>>>,
    to: &mut (dyn Write + Send),
    spare: &Spare,
) -> io::Result<u64> {
    let mut written = 0;
    for compressed in ordered {
        let frame = compressed.recv().unwrap_or_else(|_| Err(io::Error::other("a thread ended early")))?;
        to.write_all(&frame)?;
        written += frame.len() as u64;
        spare.put(frame);
    }
    to.flush()?;
    Ok(written)
}

/// Buffers that can be used again: fresh ones cost the system more than copying into them does.
#[derive(Default)]
struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    fn take(&self, length: usize) -> Vec<u8> {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        buffer
    }

    fn put(&self, buffer: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(threads: usize, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let io = |source| ArtifactError::Io { path: "out".into(), source };
        let (taken, packed) = compressed(threads, &mut out, &io, |frames| {
            frames.write(bytes)?;
            Ok(frames.taken)
        })
        .unwrap();
        assert_eq!((taken, packed), (bytes.len() as u64, out.len() as u64));
        out
    }

    #[test]
    fn frames_are_the_same_whoever_makes_them() {
        let bytes: Vec<u8> =
            (0..9_500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let one = all(1, &bytes);
        assert!(zstd::decode_all(&one[..]).unwrap() == bytes);
        for threads in [1, 2, 3, 4, 9] {
            assert!(all(threads, &bytes) == one, "{threads} threads");
        }
        let of_one = frame(&bytes[..PIECE]).unwrap();
        assert!(one.starts_with(&of_one), "what one thread makes is what anyone makes");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1] {
            assert!(zstd::decode_all(&all(3, &bytes[..length])[..]).unwrap_or_default() == bytes[..length]);
        }
    }

    #[test]
    fn a_disk_that_refuses_ends_it_with_its_own_words() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or_else(|| io::Error::other("the disk is full"))?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let io = |source| ArtifactError::Io { path: "out".into(), source };
        for writes in 0..4 {
            let done = compressed(2, &mut Full(writes), &io, |frames| frames.write(&vec![7; 6 * PIECE]));
            assert_eq!(done.unwrap_err().to_string(), "out: the disk is full");
        }
    }
}
