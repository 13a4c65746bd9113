//! Many files on their way at once, in bounded memory and with none of them open.
//!
//! In: spans one by one, each with the service that decides on its file. Out: the files. What waits goes to its file as a row
//! group once it is large, or once all that waits is too much: then the largest first. It depends on nothing but the spans and
//! the bound.

use std::{
    cmp::Reverse,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use parquet::{errors::ParquetError, file::writer::SerializedFileWriter};
use rustc_hash::FxHashMap;

use super::{
    WriteError,
    place::{hour, place},
    rows::{Figures, Rows},
    schema,
};
use crate::trace::Traces;

/// How many rows a row group has at most: what DuckDB reads with one thread.
pub(super) const ROWS: usize = 122_880;

/// How many files there may be. More are hostile, or are for nobody to read.
pub(super) const MOST: usize = 100_000;

/// Files on their way.
pub(super) struct Files {
    dir: PathBuf,
    by_place: FxHashMap<(u32, u64), usize>,
    all: Vec<OneFile>,
    /// How many bytes may wait, and how many do.
    most: usize,
    waiting: usize,
}

/// One of them.
struct OneFile {
    path: PathBuf,
    rows: Rows,
    /// Of the waiting bytes those of this file, as far as they are counted.
    waiting: usize,
    /// What is encoded stays in its buffer until the row group is whole. None before the first.
    writer: Option<SerializedFileWriter<Vec<u8>>>,
    bytes: u64,
}

impl Files {
    /// Files in that folder, of which `most` bytes may wait.
    pub(super) fn new(dir: PathBuf, most: u64) -> Self {
        Self {
            dir,
            by_place: FxHashMap::default(),
            all: Vec::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            waiting: 0,
        }
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
            self.all.push(OneFile::new(self.dir.join(place(service, hour))));
        }
        let file = &mut self.all[at];
        file.rows.add(traces, i, service, name, figures);
        let bytes = file.rows.bytes();
        self.waiting += bytes - file.waiting;
        file.waiting = bytes;
        if file.rows.len() == ROWS {
            self.waiting -= file.waiting;
            file.write()?;
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
            let file = &mut self.all[at];
            self.waiting -= file.waiting;
            file.write()?;
        }
        Ok(())
    }

    /// Writes all that waits, and ends the files. How many there are, and of how many bytes, is what comes out.
    pub(super) fn finish(self) -> Result<(u64, u64), WriteError> {
        let (mut files, mut bytes) = (0, 0);
        for mut file in self.all {
            file.write()?;
            files += 1;
            bytes += file.finish()?;
        }
        Ok((files, bytes))
    }
}

impl OneFile {
    fn new(path: PathBuf) -> Self {
        Self { path, rows: Rows::default(), waiting: 0, writer: None, bytes: 0 }
    }

    /// Adds what waits to the file, as a row group.
    fn write(&mut self) -> Result<(), WriteError> {
        self.waiting = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.len() == 0 {
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin()?,
        };
        let path = &self.path;
        let encoded = encode(rows, &mut writer);
        encoded.map_err(|source| WriteError::Encoding { path: path.clone(), source })?;
        let bytes = std::mem::take(writer.inner_mut());
        self.append(&bytes)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn begin(&self) -> Result<SerializedFileWriter<Vec<u8>>, WriteError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|source| self.unwritable(source))?;
        schema::schema()
            .and_then(|schema| SerializedFileWriter::new(Vec::new(), schema, schema::properties()))
            .map_err(|source| WriteError::Encoding { path: self.path.clone(), source })
    }

    /// Ends the file. How many bytes it has is what comes out.
    fn finish(mut self) -> Result<u64, WriteError> {
        if let Some(writer) = self.writer.take() {
            let end = writer.into_inner();
            let end = end.map_err(|source| WriteError::Encoding { path: self.path.clone(), source })?;
            self.append(&end)?;
        }
        Ok(self.bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(bytes)).map_err(|source| self.unwritable(source))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn unwritable(&self, source: io::Error) -> WriteError {
        WriteError::File { path: self.path.clone(), source }
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
