//! `glyphctl trace export`: spans as Parquet.
//!
//! In: span files and a folder that is not there yet. Out: the folder, whole or not at all. Not here: the columns.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::{
    text::counted,
    trace::{
        Filter,
        parquet::{Sorted, WriteError, Written},
    },
};
use glyph_formats::atomic::AtomicDir;
use indicatif::HumanBytes;
use tokio::runtime;

use super::{filter::WHERE_HELP, input, summarize::told};
use crate::{
    commands::interrupt,
    output::{failure::HintExt, note, progress::Bar},
};

/// Flags of `glyphctl trace export`.
#[derive(Debug, Args)]
#[command(after_help = "\
The folder has a file for each service and hour (UTC) in which spans start, DIR/service=shop/hour=2026-01-02T03/part-0.parquet, \
so that who asks for some of them reads only these. A row is a span: ids in hexadecimal, name, kind, status, service, times \
and duration in nanoseconds, attributes as a map of texts, events as JSON; and what SQL can't well compute: self_time_nano, \
critical_path_nano, is_root and depth. docs/scale.md lists the columns, and has the queries for the summary, and for the \
comparison of two runs, in DuckDB's SQL and in Spark's.

The same spans give the same bytes. Files of any size are read: what does not fit --memory goes to temporary files.

Examples:
  glyphctl trace export RECORDING --parquet spans
  glyphctl trace export 'runs/*/traces.jsonl' --parquet spans --where 'kind = server'
  duckdb -c \"SELECT service_name, count(*) FROM 'spans/*/*/*.parquet' GROUP BY ALL\"")]
pub(super) struct ExportArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// Where to write them; must not exist yet, is there when all of it is written, and is its owner's alone
    #[arg(long, value_name = "DIR", required = true)]
    parquet: PathBuf,
    /// Write only spans that meet this condition; self time and critical path are found in whole traces
    #[arg(long = "where", value_name = "CONDITION", long_help = WHERE_HELP)]
    filter: Option<String>,
    /// How much of the memory the spans may take, in MiB, before they go to temporary files; one in 64 of the traces is held
    /// in any case
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,
}

/// Runs it.
pub(super) fn run(flags: &ExportArgs) -> anyhow::Result<ExitCode> {
    let filter: Option<Filter> = flags.filter.as_deref().map(str::parse).transpose().context("--where")?;
    let opened = input::open(&flags.inputs)?;
    let sources = input::sources(&opened)?;
    let target = &flags.parquet;
    // What can't be written is refused before anything is read.
    drop(started(target)?);
    let sorted = input::exported(&sources, filter, flags.memory)?;
    let written = write(sorted, target)?;
    told(&written.oddities);
    let (spans, files) = (counted(written.spans, "span"), counted(written.files, "file"));
    note(format!("{}: {spans} in {files}, {}", target.display(), HumanBytes(written.bytes)));
    Ok(ExitCode::SUCCESS)
}

/// Writes them into a folder beside `target`, and puts that in its place. A signal ends it, and nothing is left then.
fn write(sorted: Sorted, target: &Path) -> anyhow::Result<Written> {
    let dir = started(target)?;
    let progress = sorted.progress();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _inside = runtime.enter();
    let _heeded = interrupt::heed(&progress);
    let bar = Bar::start("writing", &progress);
    let written = sorted.write(dir.path().to_owned(), &progress).map_err(|error| match error {
        WriteError::TooMany => anyhow::Error::new(error)
            .hint("export fewer spans at once: name fewer files, or choose some with --where"),
        error => anyhow::Error::new(error),
    });
    drop(bar);
    let written = written?;
    dir.commit().map_err(|source| placing(target, source))?;
    Ok(written)
}

/// A folder beside `target`, with nothing in it.
fn started(target: &Path) -> anyhow::Result<AtomicDir> {
    let dir = AtomicDir::resume(target).and_then(|dir| dir.prune(&|_| false).map(|()| dir));
    dir.map_err(|source| placing(target, source))
}

/// Why the folder can't be made.
fn placing(target: &Path, source: io::Error) -> anyhow::Error {
    let path = target.display();
    match source.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{path}: exists already")
            .hint("--parquet names a folder that is not there yet: nothing is ever written over"),
        io::ErrorKind::WouldBlock => anyhow!("{path}: another glyphctl is writing there"),
        _ => anyhow::Error::new(source)
            .context(format!("{path}: can't be written"))
            .hint("--parquet names the folder to make; the folder around it must exist"),
    }
}
