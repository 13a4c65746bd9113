//! `--secrets FILE`: what each token stands for, for whoever is to send the recording again.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use glyph_formats::{
    jsonl::{Appender, AppenderOptions, Writer, WriterOptions},
    secrets::{Key, Line, Secret},
};

/// Tokens that are known to be in the file. Beyond that they are written again: that costs room and no more.
const KNOWN: usize = 1 << 20;

/// The file. Only the owner may read it.
#[derive(Debug)]
pub(crate) struct SecretsFile {
    appender: Appender<()>,
    known: Mutex<HashSet<u64>>,
    hasher: RandomState,
}

impl SecretsFile {
    /// Starts the thread that writes.
    pub(crate) fn start(writer: Writer) -> io::Result<Self> {
        Self::start_with(writer, AppenderOptions::default())
    }

    pub(super) fn start_with(writer: Writer, options: AppenderOptions) -> io::Result<Self> {
        let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
        let appender = Appender::spawn("secrets", writer, options, write)?;
        Ok(Self { appender, known: Mutex::default(), hasher: RandomState::new() })
    }

    /// The file's first line.
    pub(super) fn begin(&self, key: String) {
        self.send(&Line::Key(Key { format: glyph_formats::FORMAT_VERSION, key }));
    }

    /// What a token stands for.
    pub(super) fn note(&self, token: &str, secret: &str) {
        let hash = self.hasher.hash_one(token);
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.insert(hash) {
                return;
            }
            if known.len() > KNOWN {
                known.clear();
            }
        }
        self.send(&Line::Secret(Secret { token: token.to_owned(), secret: secret.to_owned() }));
    }

    fn send(&self, line: &Line) {
        if self.appender.send((), line).is_err() {
            tracing::warn!("--secrets: the disk is too slow; what a token stands for is lost");
        }
    }

    /// Writes all that was noted, and closes the file.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.appender.close()
    }
}

/// Makes the file. What is there already is another recording's, and stays.
pub(crate) fn create(path: &Path, options: WriterOptions) -> io::Result<Writer> {
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    new.open(path)?;
    // It is one file, whatever its size: who restores secrets looks for them here.
    Writer::append(path, WriterOptions { rotation: None, ..options })
}
