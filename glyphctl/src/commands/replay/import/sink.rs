//! Where imported flows go: a file, or the directory of a recording. It is there when all of them are in it, or not at all.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use glyph_formats::{
    FORMAT_VERSION, Flow, Recording, UnixNanos,
    atomic::{AtomicDir, AtomicFile},
    jsonl::write_line,
    recording::{FLOWS, RecordingInfo},
};

/// The level at which zstd is fast, and close to its best.
const LEVEL: i32 = 3;

/// Flows on their way.
pub(super) struct Sink {
    to: To,
    line: Vec<u8>,
}

enum To {
    Plain(AtomicFile),
    Zstd(zstd::Encoder<'static, AtomicFile>),
    Recording(AtomicDir, BufWriter<File>),
}

impl Sink {
    /// A file of flows, if the name ends like one's; else the directory of a recording.
    pub(super) fn create(output: &Path) -> io::Result<Self> {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let to = if name.ends_with(".zst") {
            To::Zstd(zstd::Encoder::new(AtomicFile::create_private(output)?, LEVEL)?)
        } else if name.ends_with(".jsonl") || name.ends_with(".ndjson") || name.ends_with(".json") {
            To::Plain(AtomicFile::create_private(output)?)
        } else if name.ends_with(".gz") || name.ends_with(".har") {
            let what = "flows are written into a .jsonl, a .jsonl.zst, or a directory";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        } else {
            let dir = AtomicDir::resume(output)?;
            dir.prune(&|_| false)?;
            let file = File::create_new(dir.path().join(FLOWS))?;
            To::Recording(dir, BufWriter::with_capacity(1 << 18, file))
        };
        Ok(Self { to, line: Vec::new() })
    }

    pub(super) fn write(&mut self, flow: &Flow) -> io::Result<()> {
        self.line.clear();
        write_line(&mut self.line, flow)?;
        match &mut self.to {
            To::Plain(file) => file.write_all(&self.line),
            To::Zstd(file) => file.write_all(&self.line),
            To::Recording(_, file) => file.write_all(&self.line),
        }
    }

    /// Puts everything in its place. `from`: whatever it was made of.
    pub(super) fn commit(self, from: &str, converted: &super::Converted) -> anyhow::Result<()> {
        match self.to {
            To::Plain(file) => file.commit()?,
            To::Zstd(file) => file.finish()?.commit()?,
            To::Recording(dir, file) => {
                file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
                let (start, end) = converted.time.unwrap_or((UnixNanos(0), UnixNanos(0)));
                let mut options = BTreeMap::from([("imported-from".to_owned(), from.to_owned())]);
                options.extend(converted.account.creator.clone().map(|by| ("har-creator".to_owned(), by)));
                let info = RecordingInfo {
                    format: FORMAT_VERSION,
                    glyph_version: env!("CARGO_PKG_VERSION").to_owned(),
                    service_name: "glyphctl".to_owned(),
                    start_time_unix_nano: start,
                    end_time_unix_nano: Some(end),
                    options,
                    addresses: BTreeMap::new(),
                    segments: BTreeMap::new(),
                    plugins: Vec::new(),
                };
                Recording { dir: dir.path().to_owned(), info }.save()?;
                dir.commit()?;
            }
        }
        Ok(())
    }
}
