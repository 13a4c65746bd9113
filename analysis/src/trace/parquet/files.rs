//! Many files on their way at once, in bounded memory and with none of them open.
//!
//! In: spans one by one, each with the service that decides on its file. Out: the files. What waits goes to its file as a row
//! group once it is large, or once all that waits is too much: then the largest first. What a file's end will say of its row
//! groups is held until then; where too many are on their way, a file is ended at once, and what is still to come goes into a
//! next part. All that depends on nothing but the spans and the bound.

use std::{
    cmp::Reverse,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use parquet::{
    errors::ParquetError,
    file::{properties::WriterPropertiesPtr, writer::SerializedFileWriter},
    schema::types::TypePtr,
};
use rustc_hash::FxHashMap;

use super::{
    WriteError,
    place::{folder, hour},
    rows::{Figures, Rows},
    schema,
};
use crate::trace::Traces;

/// How many rows a row group has at most: what DuckDB reads with one thread.
pub(super) const ROWS: usize = 122_880;

/// How many services and hours there may be. More are hostile, or are for nobody to read.
pub(super) const MOST: usize = 100_000;

/// How many files may have begun and not ended: each takes some ten thousand bytes.
const BEGUN: usize = 1_000;

/// Files on their way.
pub(super) struct Files {
    dir: PathBuf,
    by_place: FxHashMap<(u32, u64), usize>,
    all: Vec<OneFile>,
    /// How many bytes may wait, and how many do.
    most: usize,
    waiting: usize,
    format: Format,
    begun: usize,
    done: Done,
}

/// What all files have in common.
struct Format {
    schema: TypePtr,
    properties: WriterPropertiesPtr,
}

/// The files that have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// How many.
    pub(super) files: u64,
    /// Of how many bytes together.
    pub(super) bytes: u64,
}

/// The file of a service and an hour.
struct OneFile {
    folder: PathBuf,
    part: u32,
    rows: Rows,
    /// Of the waiting bytes those of this file, as far as they are counted.
    waiting: usize,
    /// What is encoded stays in its buffer until the row group is whole. None before the first of a part.
    writer: Option<SerializedFileWriter<Vec<u8>>>,
}

impl Files {
    /// Files in that folder, of which `most` bytes may wait.
    pub(super) fn new(dir: PathBuf, most: u64) -> Result<Self, WriteError> {
        let schema = schema::schema().map_err(|source| WriteError::Encoding { path: dir.clone(), source })?;
        Ok(Self {
            dir,
            by_place: FxHashMap::default(),
            all: Vec::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            waiting: 0,
            format: Format { schema, properties: schema::properties() },
            begun: 0,
            done: Done::default(),
        })
    }

    /// Adds span `i`, of a service by its number and name.
    pub(super) fn add(
        &mut self,
        (code, service): (u32, &str),
        name: &str,
        traces: &Traces,
        i: usize,
        figures: &Figures,
    ) -> Result<(), WriteError> {
        let hour = hour(traces.spans.start[i]);
        let next = self.all.len();
        let at = *self.by_place.entry((code, hour)).or_insert(next);
        if at == next {
            if next == MOST {
                return Err(WriteError::TooMany);
            }
            self.all.push(OneFile::new(self.dir.join(folder(service, hour))));
        }
        let file = &mut self.all[at];
        file.rows.add(traces, i, service, name, figures);
        let bytes = file.rows.bytes();
        self.waiting += bytes - file.waiting;
        file.waiting = bytes;
        if file.rows.len() == ROWS {
            self.write(at)?;
        }
        if self.waiting > self.most { self.relieve() } else { Ok(()) }
    }

    /// Writes the largest of what waits, until half as much may come.
    fn relieve(&mut self) -> Result<(), WriteError> {
        let mut largest: Vec<usize> = (0..self.all.len()).collect();
        largest.sort_by_key(|at| (Reverse(self.all[*at].waiting), *at));
        for at in largest {
            if self.waiting <= self.most / 2 {
                break;
            }
            self.write(at)?;
        }
        Ok(())
    }

    /// Writes what waits for one file.
    fn write(&mut self, at: usize) -> Result<(), WriteError> {
        let file = &mut self.all[at];
        self.waiting -= std::mem::take(&mut file.waiting);
        self.begun += usize::from(file.writer.is_none());
        file.write(&self.format, &mut self.done)?;
        if self.begun > BEGUN {
            self.begun -= 1;
            file.end(&mut self.done)?;
        }
        Ok(())
    }

    /// Writes all that waits, and ends the files.
    pub(super) fn finish(mut self) -> Result<Done, WriteError> {
        for mut file in self.all {
            file.write(&self.format, &mut self.done)?;
            file.end(&mut self.done)?;
        }
        Ok(self.done)
    }
}

impl OneFile {
    fn new(folder: PathBuf) -> Self {
        Self { folder, part: 0, rows: Rows::default(), waiting: 0, writer: None }
    }

    /// Adds what waits to the part, as a row group.
    fn write(&mut self, format: &Format, done: &mut Done) -> Result<(), WriteError> {
        let rows = std::mem::take(&mut self.rows);
        if rows.len() == 0 {
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin(format)?,
        };
        encode(rows, &mut writer).map_err(|source| self.unencodable(source))?;
        let bytes = std::mem::take(writer.inner_mut());
        self.append(&bytes, done)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn begin(&self, format: &Format) -> Result<SerializedFileWriter<Vec<u8>>, WriteError> {
        fs::create_dir_all(&self.folder).map_err(|source| self.unwritable(source))?;
        let (schema, properties) = (Arc::clone(&format.schema), Arc::clone(&format.properties));
        SerializedFileWriter::new(Vec::new(), schema, properties).map_err(|source| self.unencodable(source))
    }

    /// Ends the part, if it has begun.
    fn end(&mut self, done: &mut Done) -> Result<(), WriteError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let end = writer.into_inner().map_err(|source| self.unencodable(source))?;
        self.append(&end, done)?;
        self.part += 1;
        done.files += 1;
        Ok(())
    }

    fn append(&self, bytes: &[u8], done: &mut Done) -> Result<(), WriteError> {
        let file = OpenOptions::new().create(true).append(true).open(self.path());
        file.and_then(|mut file| file.write_all(bytes)).map_err(|source| self.unwritable(source))?;
        done.bytes += bytes.len() as u64;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("part-{}.parquet", self.part))
    }

    fn unwritable(&self, source: io::Error) -> WriteError {
        WriteError::File { path: self.path(), source }
    }

    fn unencodable(&self, source: ParquetError) -> WriteError {
        WriteError::Encoding { path: self.path(), source }
    }
}

/// Encodes rows into the writer's buffer.
fn encode(rows: Rows, writer: &mut SerializedFileWriter<Vec<u8>>) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    rows.write(&mut group)?;
    group.close()?;
    writer.flush()?;
    Ok(())
}
