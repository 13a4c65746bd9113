//! `glyphctl baseline compare`: `trace diff` with the baseline as the one side.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::place::PlaceArgs;
use crate::commands::trace::diff::{self, HowArgs};

/// Flags of `glyphctl baseline compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
It is glyphctl trace diff BASELINE RECORDING, whose help says what a rule is and what is more than noise. glyphctl check compares \
responses and findings, too.

Exit codes: 0 no rule is broken; 1 one is; 2 nothing could be compared, or a rule could be held against no row.

Examples:
  glyphctl baseline compare run2
  glyphctl baseline compare run2 --baseline baselines/main --fail-on 'p95 > 10% and > 2ms'
  glyphctl baseline compare run2 --format markdown >> \"$GITHUB_STEP_SUMMARY\"")]
pub(super) struct CompareArgs {
    /// The recording to compare: a directory, an artifact, or a directory or pattern of several
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    how: HowArgs,
}

/// Runs it.
pub(super) fn run(flags: &CompareArgs) -> anyhow::Result<ExitCode> {
    let (dir, _) = flags.place.runs()?;
    diff::between(&dir, &flags.recording, &flags.how)
}
