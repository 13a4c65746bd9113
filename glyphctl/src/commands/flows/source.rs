//! The flows of a recording, one after the other. In: what the user named. Out: each line and the flow at a glance; what
//! is odd about the file, as warnings.

use std::{
    cell::RefCell,
    fs,
    io::ErrorKind,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use console::Term;
use glyph_formats::{
    Flow,
    glance::Glance,
    jsonl::{
        Block, Blocks, ReadError,
        index::{self, LineIndex},
        input::{self, Progress, is_stdin},
        segments,
    },
    recording::FLOWS,
};

use crate::{
    commands::recording::Opened,
    output::{
        self,
        failure::{HintExt, is_io},
        progress::Bar,
        warn,
    },
};

/// What the help says of RECORDING.
pub(in crate::commands) const INPUT_HELP: &str = "A recording (directory or artifact), a file of flows or a HAR (also .gz and .zst), or - for standard input";

/// A file of flows with its closed segments.
#[derive(Debug)]
pub(in crate::commands) struct Source {
    _opened: Opened,
    files: Vec<PathBuf>,
}

/// One line of it.
pub(in crate::commands) struct Record<'a> {
    pub(in crate::commands) line: &'a str,
    pub(in crate::commands) flow: Glance<'a>,
}

impl Record<'_> {
    /// All of it.
    pub(in crate::commands) fn whole(&self) -> anyhow::Result<Flow> {
        serde_json::from_str(self.line).map_err(|e| anyhow!("flow {}: {e}", self.flow.id))
    }
}

impl Source {
    /// Finds the files.
    pub(in crate::commands) fn open(given: &Path) -> anyhow::Result<Self> {
        let opened = Opened::flows(given)?;
        let path = opened.path();
        let path = if path.is_dir() { path.join(FLOWS) } else { path.to_owned() };
        let files = segments::with_closed(&path).map_err(unreadable)?;
        Ok(Self { _opened: opened, files })
    }

    /// Gives `see` each flow whose line `may` be of interest, until it has seen enough. Lines that may not are not looked at
    /// any closer.
    pub(in crate::commands) fn each(
        &self,
        may: impl Fn(&[u8]) -> bool,
        mut see: impl FnMut(Record<'_>) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        self.blocks(
            |_| Ok(()),
            |block| {
                for (number, line) in block.lines().filter(|(_, line)| may(line)) {
                    if let Some(record) = record(block, number, line)?
                        && see(record)?.is_break()
                    {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    /// The flows in another order: by a key, and by an order among equal keys; `choose` leaves out those for which it has
    /// none. Memory does not grow with the files.
    pub(in crate::commands) fn index(
        &self,
        may: impl Fn(&[u8]) -> bool,
        mut choose: impl FnMut(&Record<'_>) -> anyhow::Result<Option<(u64, u64)>>,
    ) -> anyhow::Result<LineIndex> {
        let builder = RefCell::new(index::Builder::new());
        self.blocks(
            |path| builder.borrow_mut().begin(path).with_context(|| path.display().to_string()),
            |block| {
                let chosen = |number, line: &[u8]| match may(line) {
                    true => record(block, number, line)?.map_or(Ok(None), |record| choose(&record)),
                    false => Ok(None),
                };
                builder.borrow_mut().block(block, chosen)?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        builder.into_inner().build().context("the order of the flows")
    }

    /// The lines of each file, which is announced, with a progress bar.
    fn blocks(
        &self,
        begin: impl Fn(&Path) -> anyhow::Result<()>,
        mut see: impl FnMut(&Block<'_>) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let progress = self.progress();
        output::reading(&self.files);
        // Not through what is printed meanwhile.
        let _bar = (!Term::stdout().is_term()).then(|| Bar::start("reading", &progress));
        for path in &self.files {
            let input = input::open_counted(path, progress.clone()).map_err(unreadable)?;
            begin(path)?;
            let mut blocks = Blocks::new(input);
            while let Some(block) = blocks.next_block().map_err(unreadable)? {
                if see(&block)?.is_break() {
                    return Ok(());
                }
            }
            if blocks.cut_short() {
                warn(format_args!(
                    "{}: the compressed file ends before its end; what could be read of it was taken",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        let length =
            |path: &PathBuf| if is_stdin(path) { None } else { Some(fs::metadata(path).ok()?.len()) };
        Progress::of(self.files.iter().map(length).sum())
    }
}

/// The flow of a line; none if the line is torn.
fn record<'a>(block: &Block<'_>, number: u64, line: &'a [u8]) -> anyhow::Result<Option<Record<'a>>> {
    let path = block.path;
    let record = std::str::from_utf8(line)
        .map_err(|_| serde::de::Error::custom("no UTF-8"))
        .and_then(|line| Ok(Record { line, flow: serde_json::from_str(line)? }));
    match record {
        Ok(record) => Ok(Some(record)),
        Err(_) if block.may_be_torn(line) => {
            warn(format_args!(
                "{}:{number}: the last line is torn, as a crash leaves it; it was left out",
                path.display()
            ));
            Ok(None)
        }
        Err(source) => Err(unreadable(ReadError::Record { path: path.to_owned(), line: number, source })),
    }
}

fn unreadable(error: ReadError) -> anyhow::Error {
    let error = anyhow::Error::new(error);
    let hint = match is_io(&error, ErrorKind::PermissionDenied) {
        true => "a recording can be read by its owner alone",
        false => "RECORDING comes first: a recording, an artifact, or a file of flows (flows.jsonl)",
    };
    error.hint(hint)
}
