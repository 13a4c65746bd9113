//! Which traces go into what is written: flags, and what they leave.

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::{Choice, Traces, Window},
};
use glyph_formats::{TraceId, UnixNanos};

use crate::output::{failure::HintExt, note};

/// What the help says of a window.
pub(super) const WINDOW_HELP: &str = "Only traces that last into this time: FROM..TO, either of which can be left out; \
                                      offsets from the first span's start (10s..20s, ..5m), RFC 3339 or unix nanoseconds";

/// Flags that choose what goes into exports.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "What goes into the files written with -o, --perfetto and --folded (the summary is of everything)"
)]
pub(super) struct ChoiceArgs {
    /// Only the N slowest traces, of those that the other flags leave
    #[arg(long, value_name = "N")]
    slowest: Option<usize>,
    /// Only traces in which a span failed
    #[arg(long)]
    errors: bool,
    /// Only the trace with this id, or the only one whose id begins so; repeat it for more
    #[arg(long, value_name = "TRACE_ID")]
    trace: Vec<String>,
    #[arg(long, value_name = "FROM..TO", help = WINDOW_HELP)]
    window: Option<Window>,
}

impl ChoiceArgs {
    /// Refuses them where nothing is written.
    pub(super) fn require_export(&self, is_there: bool) -> anyhow::Result<()> {
        let told = self.told();
        if told.is_empty() || is_there {
            return Ok(());
        }
        Err(anyhow!("{told}: chooses what goes into a file, and none is written")
            .hint("name the file with -o, --perfetto or --folded; the summary is of all spans"))
    }

    /// Whether any of them is given.
    pub(super) fn is_any(&self) -> bool {
        !self.told().is_empty()
    }

    /// The traces that are chosen; none if that is all of them.
    pub(super) fn chosen(&self, traces: &Traces) -> anyhow::Result<Option<Vec<usize>>> {
        let hint = "glyphctl trace show --slowest 20 shows traces with their ids";
        let choice = Choice {
            ids: ids(traces, &self.trace, hint)?,
            errors: self.errors,
            window: self.window,
            slowest: self.slowest,
        };
        if choice.is_everything() {
            return Ok(None);
        }
        let chosen = traces.choose(&choice);
        let all = traces.spans.trace_ids().len() as u64;
        if let (true, Some((start, end))) = (chosen.is_empty(), traces.spans.extent()) {
            let (extent, start) = (duration(end - start), UnixNanos(start));
            return Err(anyhow!(
                "{}: none of {} is left to write; they last {extent} from {start} on",
                self.told(),
                counted(all, "trace"),
            )
            .hint("choose less strictly; without any of these flags everything is written"));
        }
        if chosen.is_empty() {
            return Err(anyhow!("{}: there are no traces to choose from", self.told()));
        }
        note(format!("{} of {} to be written", grouped(chosen.len() as u64), counted(all, "trace")));
        Ok(Some(chosen))
    }

    /// The flags that were given, as they were.
    fn told(&self) -> String {
        let mut told = String::new();
        if let Some(slowest) = self.slowest {
            told += &format!("--slowest {slowest} ");
        }
        if self.errors {
            told += "--errors ";
        }
        for id in &self.trace {
            told += &format!("--trace {id} ");
        }
        if let Some(window) = self.window {
            told += &format!("--window {window} ");
        }
        told.truncate(told.trim_end().len());
        told
    }
}

/// The ids that begin so. `hint` helps where none does, or more than one.
pub(super) fn ids<'a>(
    traces: &Traces,
    prefixes: impl IntoIterator<Item = &'a String>,
    hint: &'static str,
) -> anyhow::Result<Vec<TraceId>> {
    let find = |prefix: &String| {
        let found = traces.by_prefix(prefix);
        found.map_err(|error| anyhow!("{prefix:?}: {error}").hint(hint))
    };
    prefixes.into_iter().map(find).collect()
}
