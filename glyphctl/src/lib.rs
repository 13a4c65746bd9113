//! `glyphctl` as a library, so that its binary is no more than the commit that it was built from, and all of this need
//! not be compiled again for that.

mod cli;
mod commands;
mod output;
mod telemetry;

#[cfg(test)]
mod committed;

use std::{env, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};
use glyphd::cli::colour;

/// Does what the process's arguments say; `version` is what `--version` tells.
pub fn run(version: &'static str) -> ExitCode {
    // The daemons that commands run inside this process start plugins with it.
    glyphd::launcher::run_if_asked();
    if let Some(ended) = commands::demo::run_if_asked() {
        return ended_with(ended.map(|()| ExitCode::SUCCESS));
    }
    let command = cli::Cli::command().long_version(version).color(colour::asked(env::args_os()));
    let matches = command.get_matches();
    let cli = cli::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    output::manner::set(&cli.manner);
    output::detail(format_args!("this is glyphctl {version}"));
    ended_with(commands::run(cli))
}

fn ended_with(ended: anyhow::Result<ExitCode>) -> ExitCode {
    match ended {
        Ok(code) => code,
        // Whoever read our output has seen enough.
        Err(error) if output::failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure::report(&error);
            ExitCode::from(2)
        }
    }
}
