//! `glyphctl alerts …`: production rules over what was recorded.

mod check;
mod explain;
mod lint;
pub(crate) mod rules;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Flags of `glyphctl alerts`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING
  glyphctl alerts test alerts/tests.yaml
  glyphctl alerts lint --rules alerts/alerts.yaml")]
pub(crate) struct AlertsArgs {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// Which alerts of Prometheus rule files would have fired over a recording, and how close the others came.
    Check(Box<check::CheckArgs>),
    /// Runs promtool's unit tests of rules, and shows what is different.
    Test(test::TestArgs),
    /// What in rules can't be meant: labels that are never there, selectors of nothing, alerts that can't fire.
    Lint(lint::LintArgs),
}

/// Runs it.
pub(crate) fn run(args: AlertsArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        AlertsCommand::Check(args) => check::run(&args),
        AlertsCommand::Test(args) => test::run(&args),
        AlertsCommand::Lint(args) => lint::run(&args),
    }
}
