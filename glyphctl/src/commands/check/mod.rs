//! `glyphctl check`: a recording, its limits, one verdict; and a first `glyph.toml` out of a recording.

mod gate;
mod sections;
mod before;
mod reports;
mod init;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Where limits are looked for, and written, unless one says otherwise.
pub(in crate::commands) const CONFIG: &str = "glyph.toml";

/// Flags of `glyphctl check`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[command(after_help = "\
A glyph.toml says what a recording has to hold to, section by section (glyphctl check init RECORDING writes one, with \
comments; docs/gate.md says it all):

  [alerts]                        # no Prometheus alert rule of these files fires
  rules = [\"alerts/alerts.yaml\"]

  [[budget]]                      # limits for the spans of a name
  span = \"proxy.capture_flow\"
  p95 = \"250ms\"
  errors = \"1%\"

  [findings]                      # plugins find nothing so severe; with a baseline, nothing new
  severity = \"high\"

  [baseline]                      # what it is compared with (glyphctl baseline save)
  dir = \"baselines/main\"

  [traces]                        # nothing got slower or fails more often (trace diff)
  fail-on = [\"p95 > 10% and > 2ms\", \"errors > 1pp\"]

  [replay]                        # the same requests got the same responses (replay diff)
  ignore-dates = true

Whether the recording is whole is checked always: the digests of an artifact, files that were cut short or are \
missing, flows, spans and audit entries that were dropped. What glyph.toml says nothing of is skipped, by name. A section with \
fail = false is reported, and fails nothing.

Exit codes: 0 all holds, 1 something does not, 2 something could not be judged. Each failure says the number, the \
limit, the traces to look at, and the command that shows them.

Examples:
  glyphctl check init RECORDING
  glyphctl check RECORDING
  glyphctl check RECORDING --baseline baselines/main
  glyphctl check run1.glyph.tar.zst --config ci/glyph.toml --format json | jq -r .verdict
  glyphctl check RECORDING --report junit=glyph.xml --report markdown=summary.md

In CI:
  - run: glyphctl record --out run -- ./integration-tests.sh
  - run: glyphctl check run --format github --report markdown=\"$GITHUB_STEP_SUMMARY\"")]
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
