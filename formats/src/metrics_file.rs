//! A file of OpenMetrics text, written scrape after scrape, plain or as Zstandard.
//!
//! In: scrapes, each whole. Out: a file that is good at any time up to its last scrape: each is with the system when
//! [`MetricsFile::write`] returns, and what the system took of one that it refused is taken back. Not here: what stands in
//! a scrape; rotation, which files of a recording have.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// What stands at the end of OpenMetrics.
const END: &[u8] = b"# EOF\n";
const ZSTD_LEVEL: i32 = 3;
/// Scrapes are much like the one before: 8 MiB hold a few of most targets, and every decoder takes that.
const WINDOW_LOG: u32 = 23;
/// An empty block that is the last of its frame (RFC 8878, 3.1.1.2).
const LAST_BLOCK: [u8; 3] = [1, 0, 0];

/// Whether a file may stand there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is left alone.
    Refused,
    /// It is written over.
    Overwritten,
}

/// A file that is written.
pub struct MetricsFile {
    file: File,
    /// A pipe or a device can't be cut.
    regular: bool,
    compressed: Option<zstd::Encoder<'static, Vec<u8>>>,
    /// How many bytes of it are whole scrapes.
    bytes: u64,
    /// Whether the system has refused a scrape. No other follows then.
    refused: bool,
}

impl MetricsFile {
    /// Makes the file: Zstandard if its name ends with `.zst`. What stands there and is no regular file is written to.
    ///
    /// # Errors
    /// If it can't be made, or stands there and may not.
    pub fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        let there = path.metadata().ok();
        let mut options = OpenOptions::new();
        match there {
            Some(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Some(there) if !there.is_file() => options.write(true),
            _ if existing == Existing::Overwritten => options.write(true).create(true).truncate(true),
            _ => options.write(true).create_new(true),
        };
        let file = options.open(path)?;
        let regular = file.metadata()?.is_file();
        let compressed = match path.extension().is_some_and(|ending| ending == "zst") {
            true => Some(encoder()?),
            false => None,
        };
        Ok(Self { file, regular, compressed, bytes: 0, refused: false })
    }

    /// Adds the lines of a scrape and hands them to the system.
    ///
    /// # Errors
    /// If it does not take them. The file then ends with the scrape before, and takes no other.
    pub fn write(&mut self, scrape: &[u8]) -> io::Result<()> {
        if self.refused {
            return Err(io::Error::other("an earlier scrape was refused"));
        }
        let written = match &mut self.compressed {
            None => self.hand_over(scrape),
            Some(encoder) => {
                encoder.write_all(scrape)?;
                // The end of a block: what stands before it can be read, whatever comes.
                encoder.flush()?;
                let block = std::mem::take(encoder.get_mut());
                self.hand_over(&block)
            }
        };
        if written.is_err() {
            self.refused = true;
            self.take_back();
        }
        written
    }

    /// How many bytes there are on the disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the file with `# EOF`, and waits until it is on the disk. Returns how many bytes it has.
    ///
    /// # Errors
    /// If the system refuses that. What was written before is there.
    pub fn finish(mut self) -> io::Result<u64> {
        let end = match self.compressed.take() {
            None => END.to_vec(),
            // What the encoder has seen is more than what the file has.
            Some(_) if self.refused && self.bytes == 0 => zstd::encode_all(END, ZSTD_LEVEL)?,
            Some(_) if self.refused => [&LAST_BLOCK[..], &zstd::encode_all(END, ZSTD_LEVEL)?].concat(),
            Some(mut encoder) => {
                encoder.write_all(END)?;
                encoder.finish()?
            }
        };
        let ended = self.hand_over(&end);
        if ended.is_err() {
            self.take_back();
        }
        ended?;
        if self.regular {
            self.file.sync_all()?;
        }
        Ok(self.bytes)
    }

    fn hand_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn take_back(&mut self) {
        if self.regular {
            // Where it stays, readers leave the torn rest out.
            let _torn = self.file.set_len(self.bytes);
            let _torn = io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.bytes));
        }
    }
}

fn encoder() -> io::Result<zstd::Encoder<'static, Vec<u8>>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    encoder.window_log(WINDOW_LOG)?;
    Ok(encoder)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read};

    use super::*;
    use crate::jsonl::input;

    fn scrape(n: usize) -> String {
        (0..200).map(|i| format!("a{{n=\"{i}\"}} {} {n}.000\n", i * n)).collect()
    }

    /// What a reader of ours gets of a file, until it ends or is torn.
    fn read(path: &Path) -> (String, bool) {
        let (mut text, mut reader) = (Vec::new(), input::open(path).unwrap().reader);
        let whole = reader.read_to_end(&mut text).is_ok();
        (String::from_utf8(text).unwrap(), whole)
    }

    #[test]
    fn every_scrape_can_be_read_as_soon_as_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.om", "a.om.zst"] {
            let path = dir.path().join(name);
            let mut file = MetricsFile::create(&path, Existing::Refused).unwrap();
            let mut text = String::new();
            for n in 0..5 {
                file.write(scrape(n).as_bytes()).unwrap();
                text += &scrape(n);
                // As if the writer had been killed here.
                assert_eq!(read(&path).0, text, "{name}");
                assert_eq!(fs::metadata(&path).unwrap().len(), file.bytes());
            }
            let bytes = file.finish().unwrap();
            assert_eq!(read(&path), (text + "# EOF\n", true), "{name}");
            assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
        }
        let [plain, small] =
            ["a.om", "a.om.zst"].map(|name| fs::metadata(dir.path().join(name)).unwrap().len());
        assert!(small * 5 < plain, "{small} of {plain}");
    }

    #[test]
    fn what_the_system_refused_is_not_in_the_file_and_it_has_an_end() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.om", "a.om.zst"] {
            let path = dir.path().join(name);
            let mut file = MetricsFile::create(&path, Existing::Refused).unwrap();
            file.write(scrape(1).as_bytes()).unwrap();
            // What a disk that becomes full leaves.
            file.file = OpenOptions::new().read(true).open(&path).unwrap();
            assert!(file.write(scrape(2).as_bytes()).is_err(), "{name}");
            file.file = OpenOptions::new().append(true).open(&path).unwrap();
            assert!(file.write(scrape(3).as_bytes()).is_err(), "{name}: no scrape after a gap");
            file.finish().unwrap();
            assert_eq!(read(&path), (scrape(1) + "# EOF\n", true), "{name}");
        }
    }

    #[test]
    fn what_is_there_is_written_over_only_where_that_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.om");
        fs::write(&path, "mine").unwrap();
        let error = MetricsFile::create(&path, Existing::Refused).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        MetricsFile::create(&path, Existing::Overwritten).unwrap().finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), END);
        let error = MetricsFile::create(dir.path(), Existing::Overwritten).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_device_takes_it_or_says_why_not() {
        let mut file = MetricsFile::create(Path::new("/dev/full"), Existing::Refused).unwrap();
        assert_eq!(file.write(b"a 1 1.000\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let mut file = MetricsFile::create(Path::new("/dev/null"), Existing::Refused).unwrap();
        file.write(b"a 1 1.000\n").unwrap();
        file.finish().unwrap();
    }
}
