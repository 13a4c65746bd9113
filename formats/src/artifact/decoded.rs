//! The archive's bytes out of the artifact's: decompressed, and to the very end of the file.

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
    /// None between two frames.
    Zstd(Option<zstd::Decoder<'static, Raw>>),
    Gzip(Box<GzDecoder<Raw>>),
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
    /// Somebody wants it to end.
    Stopped,
}

/// The decompressed bytes.
pub(super) struct Decoded {
    decoder: Decoder,
    unpacked: u64,
    /// How much of that is of the frame that is being read.
    in_frame: u64,
    /// What comes after what was read before it.
    broken: Option<Broken>,
    limits: Limits,
    pub(super) progress: Progress,
}

impl Decoded {
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
            Decoder::Zstd(Some(frame(raw)?))
        } else if head.starts_with(&GZIP) {
            Decoder::Gzip(Box::new(GzDecoder::new(raw)))
        } else {
            return Ok(None);
        };
        Ok(Some(Self { decoder, unpacked: 0, in_frame: 0, broken: None, limits, progress }))
    }

    /// Fills the buffer; less than that only where there is nothing more, or nothing that can be read, which the next call says.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        let mut filled = 0;
        match self.read(buffer, &mut filled) {
            Err(broken) if filled > 0 => self.broken = Some(broken),
            read => read?,
        }
        Ok(filled)
    }

    fn read(&mut self, buffer: &mut [u8], filled: &mut usize) -> Result<(), Broken> {
        while *filled < buffer.len() {
            if self.progress.is_stopped() {
                return Err(Broken::Stopped);
            }
            let read = match &mut self.decoder {
                Decoder::Zstd(Some(decoder)) => decoder.read(&mut buffer[*filled..]),
                Decoder::Zstd(None) => return Ok(()),
                Decoder::Gzip(decoder) => decoder.read(&mut buffer[*filled..]),
            };
            match read {
                Ok(0) if self.next_frame()? => {}
                Ok(0) => break,
                Ok(n) => {
                    *filled += n;
                    self.unpacked += n as u64;
                    self.in_frame += n as u64;
                    // The whole artifact counts, where its length is known: it need not be as dense everywhere.
                    let packed = self.progress.total.unwrap_or_else(|| self.progress.read());
                    if self.limits.is_bomb(self.unpacked, packed) {
                        return Err(Broken::Bomb);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(broken(e)),
            }
        }
        Ok(())
    }

    /// Goes on behind the end of what is compressed; false if the file ends there, too.
    fn next_frame(&mut self) -> Result<bool, Broken> {
        let behind = || Broken::Damaged("something stands behind its end".to_owned());
        let decoder = match &mut self.decoder {
            Decoder::Zstd(decoder) => decoder,
            // A second one behind it is nothing that an archiver makes.
            Decoder::Gzip(decoder) => {
                let is_end = decoder.get_mut().fill_buf().map_err(broken)?.is_empty();
                return if is_end { Ok(false) } else { Err(behind()) };
            }
        };
        // A frame without content would be room for what nobody looks at.
        if self.in_frame == 0 {
            return Err(behind());
        }
        let Some(ended) = decoder.take() else { return Ok(false) };
        let mut raw = ended.finish();
        let head = raw.fill_buf().map_err(broken)?;
        if head.is_empty() {
            return Ok(false);
        }
        // The buffer may end within the four bytes that a frame begins with.
        let magic = &ZSTD[..head.len().min(ZSTD.len())];
        if !head.starts_with(magic) {
            return Err(behind());
        }
        *decoder = Some(frame(raw).map_err(broken)?);
        self.in_frame = 0;
        Ok(true)
    }
}

fn frame(raw: Raw) -> io::Result<zstd::Decoder<'static, Raw>> {
    let mut decoder = zstd::Decoder::with_buffer(raw)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// What the system says has a number; what a decoder says has none.
fn broken(error: io::Error) -> Broken {
    match error.raw_os_error() {
        Some(_) => Broken::Io(error),
        None => Broken::Damaged(error.to_string()),
    }
}
