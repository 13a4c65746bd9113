//! `glyphctl flows …`: the exchanges of a recording, listed, shown, searched and counted.
//!
//! [`source`] has the flows, one after the other as they lie in the file; [`filter`] is the language of flags that all four
//! share; [`needle`] is what is searched for. What is printed is `output::flows`'.

pub(super) mod source;
mod needle;
pub(super) mod filter;
pub(super) mod secrets;
mod which;
mod ls;
mod show;
mod grep;
mod stats;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Flags of `glyphctl flows`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  glyphctl flows ls RECORDING --status 5xx
  glyphctl flows show RECORDING 42
  glyphctl flows grep RECORDING 'sku-7'")]
pub(crate) struct FlowsArgs {
    #[command(subcommand)]
    command: FlowsCommand,
}

#[derive(Debug, Subcommand)]
enum FlowsCommand {
    /// A line for each exchange; also as JSON, as curl commands, or as HAR.
    Ls(Box<ls::LsArgs>),
    /// Everything of some exchanges: headers, decoded bodies, timings, what was replaced.
    Show(Box<show::ShowArgs>),
    /// Text or a regular expression in URLs, headers, decoded bodies and errors.
    Grep(Box<grep::GrepArgs>),
    /// Count, errors, latency and bytes by host, route, status or method.
    Stats(Box<stats::StatsArgs>),
}

/// Runs it.
pub(crate) fn run(args: FlowsArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        FlowsCommand::Ls(args) => ls::run(&args),
        FlowsCommand::Show(args) => show::run(&args),
        FlowsCommand::Grep(args) => grep::run(&args),
        FlowsCommand::Stats(args) => stats::run(&args),
    }
}
