//! The archive's bytes out of the artifact's: decompressed, counted, and to the very end of the file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::GzDecoder;

use super::Limits;
use crate::jsonl::input::{Counted, GZIP, Progress, ZSTD, is_stdin};

type Raw = BufReader<Counted<Box<dyn Read + Send>>>;

/// What an artifact may ask of the memory: a window of 32 MiB. Our own have one of 2 MiB.
const WINDOW_LOG: u32 = 25;

enum Decoder {
    Zstd(zstd::Decoder<'static, Raw>),
    Gzip(Box<GzDecoder<Raw>>),
}

/// The decompressed bytes.
pub(super) struct Stream {
    decoder: Decoder,
    unpacked: u64,
    pub(super) limits: Limits,
    pub(super) progress: Progress,
}

/// Why there are no more bytes.
#[derive(Debug)]
pub(super) enum Broken {
    /// The system refuses.
    Io(io::Error),
    /// The compression is broken or ends too early.
    Damaged(String),
    /// So little can't have been that much.
    Bomb,
}

impl Stream {
    /// Opens a file; none if it is not compressed in a way that is known.
    pub(super) fn open(path: &Path, limits: Limits) -> io::Result<Option<Self>> {
        let (raw, total): (Box<dyn Read + Send>, _) = if is_stdin(path) {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
            }
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        let progress = Progress::of(total);
        let mut raw = BufReader::with_capacity(1 << 17, progress.counting(raw));
        let head = raw.fill_buf()?;
        let decoder = if head.starts_with(&ZSTD) {
            let mut decoder = zstd::Decoder::with_buffer(raw)?.single_frame();
            decoder.window_log_max(WINDOW_LOG)?;
            Decoder::Zstd(decoder)
        } else if head.starts_with(&GZIP) {
            Decoder::Gzip(Box::new(GzDecoder::new(raw)))
        } else {
            return Ok(None);
        };
        Ok(Some(Self { decoder, unpacked: 0, limits, progress }))
    }

    /// Fills the buffer; less than that only at the end.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        let mut filled = 0;
        while filled < buffer.len() {
            let read = match &mut self.decoder {
                Decoder::Zstd(decoder) => decoder.read(&mut buffer[filled..]),
                Decoder::Gzip(decoder) => decoder.read(&mut buffer[filled..]),
            };
            match read {
                Ok(0) => break,
                Ok(n) => {
                    filled += n;
                    self.unpacked += n as u64;
                    // The whole artifact counts, where its length is known: it need not be as dense everywhere.
                    let packed = self.progress.total.unwrap_or_else(|| self.progress.read());
                    if self.limits.is_bomb(self.unpacked, packed) {
                        return Err(Broken::Bomb);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // What the system says has a number; what a decoder says has none.
                Err(e) if e.raw_os_error().is_some() => return Err(Broken::Io(e)),
                Err(e) => return Err(Broken::Damaged(e.to_string())),
            }
        }
        Ok(filled)
    }

    /// Fills the buffer to its end.
    pub(super) fn fill_whole(&mut self, buffer: &mut [u8]) -> Result<(), Broken> {
        match self.fill(buffer)? {
            n if n == buffer.len() => Ok(()),
            _ => Err(Broken::Damaged("it ends before its end".to_owned())),
        }
    }

    /// Whether the file ends where its compressed content does. To be asked after the last byte.
    pub(super) fn at_end(&mut self) -> Result<bool, Broken> {
        let raw = match &mut self.decoder {
            Decoder::Zstd(decoder) => decoder.get_mut(),
            Decoder::Gzip(decoder) => decoder.get_mut(),
        };
        raw.fill_buf().map(<[u8]>::is_empty).map_err(Broken::Io)
    }
}
