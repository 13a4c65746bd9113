//! `glyphctl baseline …`: runs that are kept, so that others can be compared with them.
//!
//! A baseline is a directory of artifacts, a run each; [`place`] says which. `check` and `trace diff` take it as it is.

mod place;
mod save;
mod list;
mod compare;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(crate) use self::list::Listed;

/// Flags of `glyphctl baseline`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
A baseline is a directory with a few runs, each packed into an artifact. Three to five runs are worth their time: then what runs \
differ by anyway is known, and is not taken for a change. glyphctl check compares with it what glyph.toml asks for.

Examples:
  glyphctl record --out run -- ./integration-tests.sh
  glyphctl baseline save run --keep 5
  glyphctl baseline list
  glyphctl baseline compare run2")]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
enum BaselineCommand {
    /// Packs a recording into the baseline, and lets go of the oldest.
    Save(save::SaveArgs),
    /// The runs of the baseline: when, how long, how much.
    List(list::ListArgs),
    /// What got slower, fails more often or is called more often than in the baseline, beyond noise.
    Compare(compare::CompareArgs),
}

/// Runs it.
pub(crate) fn run(args: BaselineArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        BaselineCommand::Save(args) => save::run(&args),
        BaselineCommand::List(args) => list::run(&args),
        BaselineCommand::Compare(args) => compare::run(&args),
    }
}
