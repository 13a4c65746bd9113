//! `glyphctl trace show`: one trace, or the slowest, as waterfalls.

use std::{path::PathBuf, process::ExitCode};

use anyhow::bail;
use clap::Args;
use glyph_analysis::trace::{
    Keep, Traces,
    waterfall::{self, Choice, Waterfall},
};
use glyph_formats::TraceId;

use super::input;
use crate::output::{self, failure::HintExt, note};

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
    let traces = input::traces(&input::sources(&opened)?, Keep::EVERYTHING)?;
    let id = flags.id.as_deref().map(|wanted| find(&traces, wanted)).transpose()?;
    let choice = Choice { id, errors: flags.errors, most: flags.slowest };
    let chosen = waterfall::choose(&traces, choice);
    if chosen.is_empty() && flags.errors && !traces.spans.is_empty() {
        note("no trace with an error there");
    }
    let path = traces.critical_path();
    let options = waterfall::Options {
        width: flags.width.unwrap_or_else(output::width),
        attributes: flags.attributes,
        events: flags.events,
    };
    output::to_stdout(|out| {
        for (i, trace) in chosen.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            output::waterfall::write(&Waterfall::of(&traces, *trace, &path), options, out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The only trace whose id begins with `wanted`.
fn find(traces: &Traces, wanted: &str) -> anyhow::Result<TraceId> {
    let prefix = wanted.to_ascii_lowercase();
    let mut found = traces.spans.trace_ids().iter().filter(|id| id.to_string().starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(*id),
        (Some(_), Some(_)) => bail!("{wanted:?}: several traces begin with that"),
        (None, _) => Err(anyhow::anyhow!("{wanted:?}: no trace with that id there")
            .hint("leave the id out to see the slowest trace")),
    }
}
