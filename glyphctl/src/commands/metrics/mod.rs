//! `glyphctl metrics …`: metrics recorded, and PromQL over what was recorded, or over what a server has.

pub(crate) mod data;
mod labels;
pub(crate) mod prometheus;
mod query;
pub(crate) mod record;
mod series;
pub(crate) mod source;
mod test;
pub(crate) mod time;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Flags of `glyphctl metrics`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  glyphctl metrics record localhost:8000 -o run.om
  glyphctl metrics query --data RECORDING 'rate(http_requests_total[5m])'
  glyphctl metrics series --data RECORDING")]
pub(crate) struct MetricsArgs {
    #[command(subcommand)]
    command: MetricsCommand,
}

#[derive(Debug, Subcommand)]
enum MetricsCommand {
    /// Records what programs serve as metrics into a file, as Prometheus would scrape it.
    Record(Box<record::RecordArgs>),
    /// What a PromQL expression gives at a time, or over a range of time.
    Query(Box<query::QueryArgs>),
    /// Which series there are, with how many samples, from when to when.
    Series(Box<series::SeriesArgs>),
    /// Which labels the series have, or which values one label has.
    Labels(Box<labels::LabelsArgs>),
    /// Runs test scripts in promqltest's language.
    Test(test::TestArgs),
}

/// Runs it.
pub(crate) fn run(args: MetricsArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        MetricsCommand::Record(args) => record::run(*args),
        MetricsCommand::Query(args) => query::run(*args),
        MetricsCommand::Series(args) => series::run(*args),
        MetricsCommand::Labels(args) => labels::run(*args),
        MetricsCommand::Test(args) => test::run(&args),
    }
}
