//! How things are said, whatever the command: in colour or not, and how much beside the data.
//!
//! In: the flags that every command has, once, before anything is said. Out: answers for the rest of `output`.

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
};

use clap::{ArgAction, Args, ColorChoice};
use glyphd::cli::colour;

/// The flags that every command has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Manner {
    /// When to use colour: auto is on a terminal, unless NO_COLOR is set, or wherever CLICOLOR_FORCE is
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Say nothing beside the data but what is wrong: no notes, no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: what is read, and how long that takes; twice: what daemons and exporters do; three times: all that they do
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

/// What came of the flags, the environment, and who listens.
#[derive(Debug, Clone, Copy, Default)]
struct Decided {
    quiet: bool,
    verbose: u8,
    /// In colour: standard output, standard error, files.
    output: bool,
    beside: bool,
    files: bool,
}

static DECIDED: OnceLock<Decided> = OnceLock::new();

/// Speaks so from now on. Only the first time counts.
pub(crate) fn set(manner: &Manner) {
    let in_colour = |is_terminal| colour::in_colour(manner.color, is_terminal);
    let decided = DECIDED.get_or_init(|| Decided {
        quiet: manner.quiet,
        verbose: manner.verbose,
        output: in_colour(io::stdout().is_terminal()),
        beside: in_colour(io::stderr().is_terminal()),
        files: in_colour(false),
    });
    console::set_colors_enabled(decided.output);
    console::set_colors_enabled_stderr(decided.beside);
}

fn decided() -> Decided {
    DECIDED.get().copied().unwrap_or_default()
}

/// Whether to print in colour.
pub(crate) fn in_colour() -> bool {
    decided().output
}

/// The same for a file.
pub(crate) fn in_colour_in_files() -> bool {
    decided().files
}

/// The same for what stands beside the data.
pub(crate) fn in_colour_beside() -> bool {
    decided().beside
}

/// Whether to say only what is wrong.
pub(crate) fn is_quiet() -> bool {
    decided().quiet
}

/// Whether to say more.
pub(crate) fn is_verbose() -> bool {
    decided().verbose > 0
}

/// What of the daemon's log was asked for, if anything was.
pub(crate) fn log_filter() -> Option<&'static str> {
    match decided().verbose {
        0 | 1 => None,
        2 => Some("info"),
        _ => Some("info,glyphd=debug"),
    }
}
