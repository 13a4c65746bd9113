//! `glyphctl trace …`: spans summarised, converted and shown.

pub(crate) mod beside;
mod choice;
pub(in crate::commands) mod diff;
mod exports;
mod filter;
mod graph;
pub(crate) mod input;
mod parquet;
mod report;
mod show;
mod summarize;
mod target;
mod viewers;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(in crate::commands) use self::{
    diff::runs::{MEMORY, side_of},
    input::{matching, pattern},
};

/// Flags of `glyphctl trace`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  glyphctl trace summarize RECORDING
  glyphctl trace show RECORDING --errors
  glyphctl trace diff BASE NEW")]
pub(crate) struct TraceArgs {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Debug, Subcommand)]
enum TraceCommand {
    /// Count, errors, percentiles, self time and critical path of every span name; also makes Chrome traces and flame
    /// graphs.
    Summarize(summarize::SummarizeArgs),
    /// One trace as a waterfall, with its flows, findings and audit entries; also as JSON or a page.
    Show(show::ShowArgs),
    /// One page about all traces, to send to a colleague: figures, flame graph, waterfalls, who calls whom, what changed.
    Report(report::ReportArgs),
    /// Which service calls which, how often, how long that takes, how often it fails; as a table, JSON or a picture.
    Graph(graph::GraphArgs),
    /// Spans as Parquet, by service and hour, for DuckDB, Spark and whatever else reads it.
    Export(parquet::ExportArgs),
    /// What got slower, fails more often or is called more often than before, beyond noise; exits with 1 if a rule is
    /// broken.
    Diff(diff::DiffArgs),
}

/// Runs it.
pub(crate) fn run(args: TraceArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        TraceCommand::Summarize(args) => summarize::run(&args),
        TraceCommand::Show(args) => show::run(&args),
        TraceCommand::Report(args) => report::run(&args),
        TraceCommand::Graph(args) => graph::run(&args),
        TraceCommand::Export(args) => parquet::run(&args),
        TraceCommand::Diff(args) => diff::run(&args),
    }
}
