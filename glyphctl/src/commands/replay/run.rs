//! `glyphctl replay run`.

use std::process::ExitCode;

use clap::Args;
use glyphd::cli::TraceArgs;

/// Flags of `glyphctl replay run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {}

/// Runs it.
pub(super) fn run(_: &RunArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("is being built")
}
