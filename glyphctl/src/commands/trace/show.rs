//! `glyphctl trace show`: one trace, or the slowest, as waterfalls.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyph_analysis::trace::{
    Choice, Keep, Traces, Window,
    waterfall::{self, Waterfall},
};

use super::{choice, input};
use crate::output::{self, note};

/// Flags of `glyphctl trace show`.
#[derive(Debug, Args)]
#[command(after_help = "\
█ is on the critical path: the trace waited for it. ▒ is not. ✗ failed.

Of traces that last as long as a plugin or a recorded command (plugin.supervisor.task, plugin_bus.EventStream, \
glyphctl.record) none counts as slow: they come after all others.

Examples:
  glyphctl trace show RECORDING                         the slowest trace
  glyphctl trace show RECORDING 4bf92f35                the trace whose id begins so
  glyphctl trace show RECORDING --errors --slowest 3    the three slowest with an error
  glyphctl trace show RECORDING --window 10s..20s       the slowest of those that last into these seconds
  glyphctl trace show RECORDING --attributes --events   with everything that is known of each span")]
pub(super) struct ShowArgs {
    #[arg(value_name = "FILE|RECORDING", help = input::INPUT_HELP)]
    input: PathBuf,
    /// The trace to show, by its id or the beginning of it; without it the slowest
    #[arg(value_name = "TRACE_ID")]
    id: Option<String>,
    /// Show the N slowest traces
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "id")]
    slowest: usize,
    /// Only traces in which a span failed
    #[arg(long, conflicts_with = "id")]
    errors: bool,
    #[arg(long, value_name = "FROM..TO", conflicts_with = "id", help = choice::WINDOW_HELP)]
    window: Option<Window>,
    /// Print each span's attributes
    #[arg(long)]
    attributes: bool,
    /// Print each span's events
    #[arg(long)]
    events: bool,
    /// How many columns to use; otherwise the terminal's, or 100
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
}

/// Runs it.
pub(super) fn run(flags: &ShowArgs) -> anyhow::Result<ExitCode> {
    let opened = input::open(std::slice::from_ref(&flags.input))?;
    let sources = input::sources(&opened)?;
    let choose = |traces: &Traces| chosen(flags, traces).map(Some);
    let (all, only) = input::chosen(&sources, Keep::NOTHING, Keep::EVERYTHING, true, choose)?;
    let traces = only.unwrap_or(all);
    let path = traces.critical_path();
    let options = waterfall::Options {
        width: flags.width.unwrap_or_else(output::width),
        attributes: flags.attributes,
        events: flags.events,
    };
    output::to_stdout(|out| {
        for (i, trace) in traces.choose(&Choice::default()).into_iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            output::waterfall::write(&Waterfall::of(&traces, trace, &path), options, out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The traces to show; says so if there are none.
fn chosen(flags: &ShowArgs, traces: &Traces) -> anyhow::Result<Vec<usize>> {
    let choice = Choice {
        ids: choice::ids(traces, &flags.id, "leave the id out to see the slowest trace")?,
        errors: flags.errors,
        window: flags.window,
        slowest: Some(flags.slowest),
    };
    let chosen = traces.choose(&choice);
    if chosen.is_empty() && !traces.spans.is_empty() {
        match (flags.errors, flags.window) {
            (true, None) => note("no trace with an error there"),
            (true, Some(window)) => note(format!("no trace with an error within {window} there")),
            (false, Some(window)) => note(format!("no trace within {window} there")),
            (false, None) => {}
        }
    }
    Ok(chosen)
}
