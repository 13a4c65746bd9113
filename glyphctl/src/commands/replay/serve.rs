//! `glyphctl replay serve`.

use std::process::ExitCode;

use clap::Args;
use glyphd::cli::TraceArgs;

/// Flags of `glyphctl replay serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {}

/// Runs it.
pub(super) fn run(_: &ServeArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("is being built")
}
