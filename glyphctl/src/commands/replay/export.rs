//! `glyphctl replay export`.

use std::process::ExitCode;

use clap::Args;
use glyphd::cli::TraceArgs;

/// Flags of `glyphctl replay export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {}

/// Runs it.
pub(super) fn run(_: &ExportArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("is being built")
}
