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
#[derive(Debug, Clone, Default, Args)]
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

static MANNER: OnceLock<Manner> = OnceLock::new();

/// Speaks so from now on. Only the first time counts.
pub(crate) fn set(manner: &Manner) {
    let manner = MANNER.get_or_init(|| manner.clone());
    console::set_colors_enabled(in_colour());
    console::set_colors_enabled_stderr(manner.is_seen_in_colour(io::stderr().is_terminal()));
}

fn get() -> Manner {
    MANNER.get().cloned().unwrap_or_default()
}

impl Manner {
    fn is_seen_in_colour(&self, is_terminal: bool) -> bool {
        colour::in_colour(self.color, is_terminal)
    }
}

/// Whether to print in colour.
pub(crate) fn in_colour() -> bool {
    get().is_seen_in_colour(io::stdout().is_terminal())
}

/// The same for what stands beside the data.
pub(crate) fn in_colour_beside() -> bool {
    get().is_seen_in_colour(io::stderr().is_terminal())
}

/// Whether to say only what is wrong.
pub(crate) fn is_quiet() -> bool {
    get().quiet
}

/// Whether to say more.
pub(crate) fn is_verbose() -> bool {
    get().verbose > 0
}

/// What of the daemon's log was asked for, if anything was.
pub(crate) fn log_filter() -> Option<&'static str> {
    match get().verbose {
        0 | 1 => None,
        2 => Some("info"),
        _ => Some("info,glyphd=debug"),
    }
}
