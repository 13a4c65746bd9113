//! `glyphctl trace show`: one trace, or the slowest, with what the recording holds beside it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::trace::{
    Choice, Keep, Oddities, Spans, Traces, Window,
    selection::PrefixError,
    waterfall::{self, Waterfall},
};
use glyph_formats::{Recording, TraceId};

use super::{
    beside::{has_spans, records},
    choice, input,
    target::Target,
};
use crate::{
    commands::recording::Opened,
    output::{
        self,
        failure::HintExt,
        fault, pointers,
        trace::{Shown, TraceFormat, View},
    },
};

/// What helps where an id is none.
const HINT: &str = "leave the id out to see the slowest trace";

/// Flags of `glyphctl trace show`.
#[derive(Debug, Args)]
#[command(after_help = "\
█ is on the critical path: the trace waited for it. ▒ is not. ✗ failed.

Of a recording, the trace's flows, findings and audit entries stand below it, also if its spans were not recorded. \
--format html is a page that can be sent to a colleague: one file without scripts, with everything in it.

Of traces that last as long as a plugin or a recorded command (plugin.supervisor.task, plugin_bus.EventStream, \
glyphctl.record) none counts as slow: they come after all others, unless requests are in them.

Examples:
  glyphctl trace show RECORDING                         the slowest trace
  glyphctl trace show RECORDING 4bf92f35                the trace whose id begins so
  glyphctl trace show RECORDING --errors --slowest 3    the three slowest with an error
  glyphctl trace show RECORDING --window 10s..20s       the slowest of those that last into these seconds
  glyphctl trace show RECORDING --attributes --events   with everything that is known of each span
  glyphctl trace show RECORDING 4bf92f35 --format html -o trace.html")]
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
    /// Print each span's attributes; the other formats have them always
    #[arg(long)]
    attributes: bool,
    /// Print each span's events; the other formats have them always
    #[arg(long)]
    events: bool,
    /// How many columns to use; otherwise the terminal's, or 100
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
    /// How to show the traces
    #[arg(long, value_enum, default_value_t = TraceFormat::Table)]
    format: TraceFormat,
    /// Write into this file instead of printing
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(flags: &ShowArgs) -> anyhow::Result<ExitCode> {
    let target = flags
        .output
        .as_deref()
        .map(|path| Target::create(path, std::slice::from_ref(&flags.input), "name another file with -o"));
    let target = target.transpose()?;
    let opened = input::open(std::slice::from_ref(&flags.input))?;
    let recording = match opened.as_slice() {
        [one] if Recording::open(one.path()).is_ok() => Some(one.path()),
        _ => None,
    };
    let waterfalls = match waterfalls(flags, &opened, recording)? {
        Found::Spans(waterfalls) => waterfalls.into_iter().map(|one| (one.trace_id, Some(one))).collect(),
        Found::NoSpans(id) => vec![(id, None)],
    };
    let shown = beside(waterfalls, recording)?;
    let view = View {
        format: flags.format,
        waterfall: waterfall::Options {
            width: flags.width.unwrap_or_else(output::width),
            attributes: flags.attributes,
            events: flags.events,
        },
        recording: &pointers::word(&flags.input.to_string_lossy()),
        in_colour: if target.is_none() { output::in_colour() } else { output::manner::in_colour_in_files() },
    };
    match target {
        None => output::to_stdout(|out| output::trace::write(&shown, view, out))?,
        Some(target) => drop(target.write(|file| output::trace::write(&shown, view, file))?),
    }
    Ok(ExitCode::SUCCESS)
}

/// What was found of what was asked for.
enum Found {
    /// Spans.
    Spans(Vec<Waterfall>),
    /// A trace whose spans were not recorded, and of which the recording holds something else.
    NoSpans(TraceId),
}

/// The traces to show, with everything of their spans.
fn waterfalls(flags: &ShowArgs, opened: &[Opened], recording: Option<&Path>) -> anyhow::Result<Found> {
    let mut not_there = None;
    let traces = match recording {
        Some(dir) if !has_spans(dir)? => {
            let none = Traces::resolve(Spans::default(), Oddities::default());
            not_there = chosen(flags, &none).err();
            if flags.id.is_none() {
                fault("no spans there");
            }
            none
        }
        _ => {
            let sources = input::sources(opened)?;
            let choose = |traces: &Traces| match chosen(flags, traces) {
                Err(error) if recording.is_some() && is_not_there(flags, traces) => {
                    not_there = Some(error);
                    Ok(Some(Vec::new()))
                }
                chosen => chosen.map(Some),
            };
            let (all, only) = input::chosen(&sources, Keep::NOTHING, Keep::EVERYTHING, true, choose)?;
            only.unwrap_or(all)
        }
    };
    match (not_there, recording, &flags.id) {
        (Some(error), Some(dir), Some(id)) => unrecorded(dir, id)?.map(Found::NoSpans).ok_or(error),
        _ => {
            let path = traces.critical_path();
            let choice = Choice::default();
            let all = traces.choose(&choice).into_iter().map(|t| Waterfall::of(&traces, t, &path));
            Ok(Found::Spans(all.collect()))
        }
    }
}

/// The traces to show; says so if there are none.
fn chosen(flags: &ShowArgs, traces: &Traces) -> anyhow::Result<Vec<usize>> {
    let choice = Choice {
        ids: choice::ids(traces, &flags.id, HINT)?,
        errors: flags.errors,
        window: flags.window,
        slowest: Some(flags.slowest),
    };
    let chosen = traces.choose(&choice);
    if chosen.is_empty() && !traces.spans.is_empty() {
        match (flags.errors, flags.window) {
            (true, None) => fault("no trace with an error there"),
            (true, Some(window)) => fault(format!("no trace with an error within {window} there")),
            (false, Some(window)) => fault(format!("no trace within {window} there")),
            (false, None) => {}
        }
    }
    Ok(chosen)
}

/// Whether no trace has the id.
fn is_not_there(flags: &ShowArgs, traces: &Traces) -> bool {
    flags.id.as_ref().is_some_and(|id| traces.by_prefix(id) == Err(PrefixError::None))
}

/// The only trace whose id begins so, of those of which the recording holds something else than spans.
fn unrecorded(dir: &Path, prefix: &str) -> anyhow::Result<Option<TraceId>> {
    let begins = prefix.to_ascii_lowercase();
    let records = records(dir, move |id| id.to_string().starts_with(&begins))?;
    let mut ids = records.trace_ids();
    match (ids.next(), ids.next()) {
        (Some(_), Some(_)) => Err(anyhow!("{prefix:?}: {}", PrefixError::Several).hint("give more of it")),
        (id, _) => Ok(id),
    }
}

/// What the recording holds beside these traces.
fn beside(traces: Vec<(TraceId, Option<Waterfall>)>, recording: Option<&Path>) -> anyhow::Result<Vec<Shown>> {
    let ids: BTreeSet<TraceId> = traces.iter().map(|(id, _)| *id).collect();
    let records = recording.map(|dir| records(dir, move |id| ids.contains(&id))).transpose()?;
    let shown = |(trace_id, waterfall)| Shown {
        trace_id,
        waterfall,
        beside: records.as_ref().map(|records| records.beside(trace_id).cloned().unwrap_or_default()),
    };
    Ok(traces.into_iter().map(shown).collect())
}
