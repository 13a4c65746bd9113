//! `glyphctl`: what was recorded, summarised, compared and gated, offline.

mod cli;
mod commands;
mod output;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The daemons that commands run inside this process start plugins with it.
    glyphd::launcher::run_if_asked();
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        // Whoever read our output has seen enough.
        Err(error) if output::failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure::report(&error);
            ExitCode::from(2)
        }
    }
}
