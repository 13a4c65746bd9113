//! `glyphctl replay diff`.

use std::process::ExitCode;

use clap::Args;
use glyphd::cli::TraceArgs;

/// Flags of `glyphctl replay diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {}

/// Runs it.
pub(super) fn run(_: &DiffArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("is being built")
}
