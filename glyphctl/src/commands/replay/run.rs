//! `glyphctl replay run`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyphd::cli::TraceArgs;

use super::through_plugins::{self, ThroughPluginsArgs};
use crate::{
    commands::flows::{filter::FilterArgs, source},
    output::check::CheckFormat,
};

/// Flags of `glyphctl replay run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    recording: PathBuf,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    plugins: ThroughPluginsArgs,
    /// No more than the first N flows
    #[arg(long, value_name = "N", help_heading = "Options")]
    limit: Option<usize>,
    /// How to print what differs
    #[arg(long, value_enum, default_value = "table", help_heading = "Options")]
    format: CheckFormat,
}

/// Runs it.
pub(super) fn run(flags: &RunArgs, _: TraceArgs) -> anyhow::Result<ExitCode> {
    if flags.plugins.is_wanted() {
        return through_plugins::run(
            &flags.plugins,
            &flags.recording,
            &flags.filter,
            flags.limit,
            flags.format,
        );
    }
    anyhow::bail!("is being built")
}
