//! Typed records out of files, one after the other.

use std::{fmt, marker::PhantomData, path::PathBuf, vec};

use serde::de::DeserializeOwned;

use super::{
    Blocks, ReadError,
    input::{self, Progress},
    segments,
};
use crate::FORMAT_VERSION;

/// Something odd that does not keep the file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadWarning {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// What is odd.
    pub what: &'static str,
}

impl fmt::Display for ReadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// The records of one file and its closed segments, oldest first.
///
/// # Errors
/// If the folder of the file can't be read.
pub fn records<T: DeserializeOwned>(path: &std::path::Path) -> Result<Records<T>, ReadError> {
    Ok(Records {
        files: segments::with_closed(path)?.into_iter(),
        blocks: None,
        batch: Vec::new().into_iter(),
        warnings: Vec::new(),
        may: None,
        progress: None,
        kind: PhantomData,
    })
}

/// The version of a line's format, if it is newer than this program: where a record has its version, that stands first.
pub fn newer_format(line: &[u8]) -> Option<u32> {
    let mut rest = line;
    for text in [&b"{"[..], b"\"format\"", b":"] {
        rest = rest.trim_ascii_start().strip_prefix(text)?;
    }
    let digits = rest.trim_ascii_start();
    let digits = &digits[..digits.iter().take_while(|byte| byte.is_ascii_digit()).count()];
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|found| *found > FORMAT_VERSION)
}

/// Whether a line may be of interest.
type May = dyn Fn(&[u8]) -> bool + Send;

/// Iterates over records. What was odd is in [`Records::warnings`] as soon as it was met.
pub struct Records<T> {
    files: vec::IntoIter<PathBuf>,
    blocks: Option<Blocks>,
    batch: vec::IntoIter<Result<T, ReadError>>,
    warnings: Vec<ReadWarning>,
    may: Option<Box<May>>,
    progress: Option<Progress>,
    kind: PhantomData<T>,
}

impl<T: DeserializeOwned> Records<T> {
    /// Leaves out lines that `may` not be of interest, without taking them apart: what is wrong with them is not told.
    #[must_use]
    pub fn only(mut self, may: impl Fn(&[u8]) -> bool + Send + 'static) -> Self {
        self.may = Some(Box::new(may));
        self
    }

    /// Adds what is read to a count.
    #[must_use]
    pub fn counted(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// What was odd so far.
    pub fn warnings(&self) -> &[ReadWarning] {
        &self.warnings
    }

    /// Takes in the next block; false when there is none.
    fn advance(&mut self) -> Result<bool, ReadError> {
        if self.blocks.is_none() {
            let Some(path) = self.files.next() else { return Ok(false) };
            let input = match &self.progress {
                Some(progress) => input::open_counted(&path, progress.clone()),
                None => input::open(&path),
            };
            self.blocks = Some(Blocks::new(input?));
        }
        let Some(blocks) = &mut self.blocks else { return Ok(false) };
        let Some(block) = blocks.next_block()? else {
            if blocks.cut_short() {
                let what = "the compressed file ends before its end; what could be read of it was taken";
                self.warnings.push(ReadWarning { path: blocks.path(), line: 0, what });
            }
            self.blocks = None;
            return Ok(true);
        };
        let mut batch = Vec::new();
        for (line, bytes) in block.lines() {
            if self.may.as_ref().is_some_and(|may| !may(bytes)) {
                continue;
            }
            if let Some(found) = newer_format(bytes) {
                batch.push(Err(ReadError::TooNew { path: block.path.to_owned(), line, found }));
                continue;
            }
            match serde_json::from_slice(bytes) {
                Ok(record) => batch.push(Ok(record)),
                Err(_) if block.may_be_torn(bytes) => self.warnings.push(ReadWarning {
                    path: block.path.to_owned(),
                    line,
                    what: "the last line is torn, as a crash leaves it; it was left out",
                }),
                Err(source) => {
                    batch.push(Err(ReadError::Record { path: block.path.to_owned(), line, source }));
                }
            }
        }
        self.batch = batch.into_iter();
        Ok(true)
    }
}

impl<T: DeserializeOwned> Iterator for Records<T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.batch.next() {
                return Some(record);
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(e) => {
                    self.blocks = None;
                    self.files = Vec::new().into_iter();
                    return Some(Err(e));
                }
            }
        }
    }
}
