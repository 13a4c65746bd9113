//! `glyphctl plugin …`: plugins made, checked, run over a recording, let in.

pub(super) mod folder;
mod new;
mod check;
mod run;
#[cfg(unix)]
mod token;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(crate) use self::new::STUBS;

/// Flags of `glyphctl plugin`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
docs/plugins.md has the whole way from nothing to a plugin that runs, in both languages.

Examples:
  glyphctl plugin new hello --lang python
  glyphctl plugin check hello
  glyphctl plugin run hello RECORDING --watch")]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Makes a folder with a small plugin that works, in Rust or Python.
    New(new::NewArgs),
    /// Says what is wrong with a plugin's manifest, and what the plugin would be allowed.
    Check(check::CheckArgs),
    /// Runs a plugin over a recording, with no proxy, and shows what it finds.
    Run(run::RunArgs),
    /// Gets a token from a running daemon, for a plugin that the daemon does not start.
    #[cfg(unix)]
    Token(token::TokenArgs),
}

/// Runs it.
pub(crate) fn run(args: PluginArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        PluginCommand::New(args) => new::run(&args),
        PluginCommand::Check(args) => check::run(&args),
        PluginCommand::Run(args) => run::run(&args),
        #[cfg(unix)]
        PluginCommand::Token(args) => token::run(&args),
    }
}
