//! `glyphctl replay import`.

use std::process::ExitCode;

use clap::Args;
use glyphd::cli::TraceArgs;

/// Flags of `glyphctl replay import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {}

/// Runs it.
pub(super) fn run(_: &ImportArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("is being built")
}
