//! One module a command: flags in, work done by the libraries, results to `output`.

pub(crate) mod demo;
pub(crate) mod record;
pub(crate) mod metrics;
pub(crate) mod alerts;
pub(crate) mod check;
pub(crate) mod baseline;
pub(crate) mod replay;
mod showing;
pub(crate) mod flows;
pub(crate) mod trace;
pub(crate) mod plugin;
pub(crate) mod ca;
pub(crate) mod completions;
pub(crate) mod man;

pub(crate) mod recording;
mod runs;
mod interrupt;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Check(args) => check::run(args),
        Command::Baseline(args) => baseline::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Metrics(args) => metrics::run(args),
        Command::Alerts(args) => alerts::run(args),
        Command::Replay(args) => replay::run(*args),
        Command::Flows(args) => flows::run(args),
        Command::Plugin(args) => plugin::run(*args),
        Command::Ca(args) => ca::run(args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
