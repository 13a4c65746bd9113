//! `glyphctl baseline list`: the runs that are there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use glyph_formats::{
    Recording, UnixNanos,
    jsonl::{Blocks, input, segments},
    recording::{FINDINGS, FLOWS, TRACES},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::place::PlaceArgs;
use crate::{
    commands::runs::Run,
    output::{self, Format},
};

/// Flags of `glyphctl baseline list`.
#[derive(Debug, Args)]
#[command(after_help = "\
The oldest run comes first. Artifacts are checked against their digests on the way.

Examples:
  glyphctl baseline list
  glyphctl baseline list --baseline baselines/main --format json | jq -r '.runs[-1].path'")]
pub(super) struct ListArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// What `baseline list --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "baseline list")]
pub(crate) struct Listed {
    /// The directory.
    pub(crate) baseline: String,
    /// The runs, the oldest first.
    pub(crate) runs: Vec<ListedRun>,
}

/// A run of a baseline.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ListedRun {
    /// Where it lies.
    pub(crate) path: String,
    /// When it began.
    pub(crate) start_time_unix_nano: UnixNanos,
    /// How long it lasted, in nanoseconds; null if it was cut short.
    pub(crate) lasts_ns: Option<u64>,
    /// How many exchanges are in it.
    pub(crate) flows: u64,
    /// How many spans.
    pub(crate) spans: u64,
    /// How many findings.
    pub(crate) findings: u64,
    /// How many bytes it takes.
    pub(crate) bytes: u64,
}

/// Runs it.
pub(super) fn run(flags: &ListArgs) -> anyhow::Result<ExitCode> {
    let (dir, paths) = flags.place.runs()?;
    let mut runs = paths.into_iter().map(listed).collect::<anyhow::Result<Vec<_>>>()?;
    runs.sort_by_key(|run| run.start_time_unix_nano);
    let listed = Listed { baseline: dir.display().to_string(), runs };
    output::to_stdout(|out| output::baseline::write(&listed, flags.format, out))?;
    Ok(ExitCode::SUCCESS)
}

fn listed(path: PathBuf) -> anyhow::Result<ListedRun> {
    let run = Run::one(path)?;
    let dir = run.opened.path();
    let info = Recording::open(dir)?.info;
    let start = info.start_time_unix_nano;
    Ok(ListedRun {
        path: run.given.display().to_string(),
        start_time_unix_nano: start,
        lasts_ns: info.end_time_unix_nano.map(|end| end.0.saturating_sub(start.0)),
        flows: lines(&dir.join(FLOWS))?,
        spans: lines(&dir.join(TRACES))?,
        findings: lines(&dir.join(FINDINGS))?,
        bytes: bytes(&run.given).with_context(|| run.given.display().to_string())?,
    })
}

/// How many records a file and its closed segments have.
fn lines(file: &Path) -> anyhow::Result<u64> {
    let mut count = 0;
    for file in segments::existing(file)? {
        let mut blocks = Blocks::new(input::open(&file)?);
        while let Some(block) = blocks.next_block()? {
            count += block.lines().filter(|(_, line)| !line.is_empty()).count() as u64;
        }
    }
    Ok(count)
}

/// What a file takes, or what is in a directory.
fn bytes(path: &Path) -> std::io::Result<u64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
