//! The command line as clap parses it: commands, their flags, and the help that teaches them.

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::{
    commands::{
        alerts::AlertsArgs, baseline::BaselineArgs, ca::CaArgs, check::CheckArgs,
        completions::CompletionsArgs, demo::DemoArgs, flows::FlowsArgs, man::ManArgs, metrics::MetricsArgs,
        plugin::PluginArgs, record::RecordArgs, replay::ReplayArgs, trace::TraceArgs,
    },
    output::manner::Manner,
};

/// Looks into what Glyph recorded, offline: no server, no daemon.
#[derive(Debug, Parser)]
#[command(name = "glyphctl", version, arg_required_else_help = true, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 fine, 1 a check found something, 2 the command could not do its work.\n\
                        Data goes to standard output, everything else to standard error.\n\n\
                        Examples:\n  \
                        glyphctl demo\n  \
                        glyphctl record --out run1 -- ./integration-tests.sh\n  \
                        glyphctl check run1\n  \
                        glyphctl trace summarize run1 --help"
)]
pub(crate) struct Cli {
    /// How it is said.
    #[command(flatten)]
    pub(crate) manner: Manner,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole story once: traffic through the proxy, to plugins, into traces, up to an alert and back.
    ///
    /// Starts a small server, a daemon that records everything, and two plugins, all on loopback; sends bundled
    /// requests for six seconds; evaluates the shipped alert rules; and follows the alert that fires to the plugin
    /// that is slow. Leaves a recording to look around in.
    Demo(DemoArgs),
    /// Runs a command through a daemon of its own, and records everything.
    ///
    /// Starts a daemon on free ports of the loopback interface, points the command's HTTP at its proxy, runs the
    /// command, and stops the daemon when the command has ended.
    Record(RecordArgs),
    /// The gate for CI: is a recording whole, did no alert fire, do its spans hold to their budgets, is it no worse than before?
    Check(CheckArgs),
    /// Baselines: runs that are kept for others to be compared with.
    Baseline(BaselineArgs),
    /// Traces: where the time went.
    Trace(TraceArgs),
    /// Metrics: PromQL over what was recorded, and its test scripts.
    Metrics(MetricsArgs),
    /// Alert rules over what was recorded: what would have fired, their tests, their faults.
    Alerts(AlertsArgs),
    /// Recordings as single files: packed, checked, unpacked.
    Replay(Box<ReplayArgs>),
    /// Flows: the exchanges of a recording, listed, shown, searched and counted.
    Flows(FlowsArgs),
    /// Plugins: made, checked, run over a recording.
    Plugin(Box<PluginArgs>),
    /// The CA with which glyphd looks into TLS: shown, exported, trusted.
    Ca(CaArgs),
    /// What a shell needs to complete commands and flags, printed.
    Completions(CompletionsArgs),
    /// The manual: a page for each command, written into a folder.
    Man(ManArgs),
}

/// A program of Glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    /// This one.
    Glyphctl,
    /// The daemon.
    Glyphd,
}

impl Program {
    pub(crate) const ALL: [Self; 2] = [Self::Glyphctl, Self::Glyphd];

    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Glyphctl => "glyphctl",
            Self::Glyphd => "glyphd",
        }
    }

    /// The section of the manual that it stands in: commands, or daemons.
    pub(crate) const fn section(self) -> u8 {
        match self {
            Self::Glyphctl => 1,
            Self::Glyphd => 8,
        }
    }

    /// Its commands and flags.
    pub(crate) fn command(self) -> clap::Command {
        match self {
            Self::Glyphctl => Cli::command(),
            Self::Glyphd => glyphd::cli::Args::command(),
        }
    }
}

#[cfg(test)]
mod config;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod reference;
