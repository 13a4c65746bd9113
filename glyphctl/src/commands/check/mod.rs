//! `glyphctl check`: a recording, its limits, one verdict; and a first `glyph.toml` out of a recording.

mod gate;
mod init;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Where limits are looked for, and written, unless one says otherwise.
const CONFIG: &str = "glyph.toml";

/// Flags of `glyphctl check`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[command(after_help = "\
A glyph.toml has limits, alert rules, or both (glyphctl check init RECORDING writes one, with comments):

  [alerts]
  rules = [\"alerts/alerts.yaml\"]

  [[budget]]
  span = \"proxy.capture_flow\"
  p95 = \"250ms\"
  errors = \"1%\"

Whether the recording is whole is checked always: the digests of an artifact, files that were cut short or are \
missing, flows, spans and audit entries that were dropped. What glyph.toml says nothing of is skipped.

Exit codes: 0 all holds, 1 something does not, 2 something could not be judged. Each failure says the number, the \
limit, and the traces to look at.

Examples:
  glyphctl check init RECORDING
  glyphctl check RECORDING
  glyphctl check run1.glyph.tar.zst --config ci/glyph.toml --format json | jq -r .verdict

In CI, after the tests ran through glyphd --record run1:
  - run: glyphctl replay write run1 -o run1.glyph.tar.zst
  - run: glyphctl check run1.glyph.tar.zst --format markdown >> \"$GITHUB_STEP_SUMMARY\"")]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    command: Option<CheckCommand>,
    #[command(flatten)]
    gate: Option<gate::GateArgs>,
}

#[derive(Debug, Subcommand)]
enum CheckCommand {
    /// Writes a glyph.toml with a budget for every span name of a recording.
    Init(init::InitArgs),
}

/// Runs it.
pub(crate) fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    match (args.command, args.gate) {
        (Some(CheckCommand::Init(args)), _) => init::run(&args),
        (None, Some(args)) => gate::run(&args),
        (None, None) => anyhow::bail!("name a recording, or the command init"),
    }
}
