//! One stream of bytes out of a path: `-` is standard input, gzip and Zstandard are found by content.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

use super::ReadError;

pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];
pub(crate) const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A file on its way in.
pub struct Input {
    /// The path as it was given; `-` for standard input.
    pub path: PathBuf,
    /// The bytes, decompressed.
    pub reader: Box<dyn Read + Send>,
    /// How far reading has come, in bytes as they lie on the disk.
    pub progress: Progress,
}

/// How far reading has come, and whether it is to go on. Cheap to clone and to ask from another thread.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    /// The length of all that is to be read, if it is known.
    pub total: Option<u64>,
}

impl Progress {
    /// A measure of `total` bytes, of which none is read yet.
    pub fn of(total: Option<u64>) -> Self {
        Self { total, ..Self::default() }
    }

    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Counts so many bytes more.
    pub fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Asks the work to end as soon as it can.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// A reader that counts here what is read through it.
    pub(crate) fn counting<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, progress: self.clone() }
    }
}

/// Opens a path.
///
/// # Errors
/// If the file can't be opened or its first bytes can't be read.
pub fn open(path: &Path) -> Result<Input, ReadError> {
    let total = if is_stdin(path) { None } else { std::fs::metadata(path).ok().map(|m| m.len()) };
    open_counted(path, Progress::of(total))
}

/// Opens a path, adding what is read to a count that may span several files.
///
/// # Errors
/// As [`open`].
pub fn open_counted(path: &Path, progress: Progress) -> Result<Input, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let raw: Box<dyn Read + Send> = if is_stdin(path) {
        Box::new(io::stdin())
    } else {
        if path.is_dir() {
            return Err(io(io::Error::new(io::ErrorKind::IsADirectory, "is a directory")));
        }
        Box::new(File::open(path).map_err(io)?)
    };
    let reader = decompress(BufReader::with_capacity(1 << 17, progress.counting(raw))).map_err(io)?;
    Ok(Input { path: path.to_owned(), reader, progress })
}

/// Whether the path stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn decompress<R: BufRead + Send + 'static>(mut raw: R) -> io::Result<Box<dyn Read + Send>> {
    let head = raw.fill_buf()?;
    Ok(if head.starts_with(&GZIP) {
        Box::new(MultiGzDecoder::new(raw))
    } else if head.starts_with(&ZSTD) {
        Box::new(zstd::Decoder::with_buffer(raw)?)
    } else {
        Box::new(raw)
    })
}

/// See [`Progress::counting`].
pub(crate) struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.progress.add(n as u64);
        Ok(n)
    }
}
