//! `glyphctl flows ls`: a line a flow, or the flows for other tools.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    io::Write,
    ops::ControlFlow,
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::secrets::Secrets;

use super::{
    filter::{FILTER_HELP, FilterArgs},
    secrets::SecretsArgs,
    source::{self, Record, Source},
};
use crate::output::{
    self,
    flows::{
        FlowsFormat, Writer,
        list::{List, Row},
    },
    note,
};

/// Flags of `glyphctl flows ls`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
{FILTER_HELP}

Marks: R something was replaced, U redaction was switched off, P less of a body is stored than there was. Sizes are of \
bodies as they passed, in k = 1,000 bytes; of a tunnel, all bytes. Flows stand in the order in which they ended. A terminal \
that is narrow shows fewer columns.

--format json gives a flow a line, as in docs/schemas/flow.json: it can be read again with -. Bodies that an older \
recording holds in gzip, deflate, br or zstd are decoded, up to 16 MiB each (--raw: as they are stored). --format curl is \
for bash, zsh or ksh, and has the requests as they were recorded, with what was replaced or cut in comments. --format har \
is HAR 1.2; what only Glyph knows is under _glyph, and tunnels are left out.

Examples:
  glyphctl flows ls RECORDING
  glyphctl flows ls RECORDING --status 5xx --status none    (5xx, or no answer)
  glyphctl flows ls RECORDING --host '*.example.com' --path '/api/*' --min-duration 200ms
  glyphctl flows ls RECORDING --slowest 10
  glyphctl flows ls RECORDING --method POST --body '\"sku\":7' --format curl
  glyphctl flows ls RECORDING --window 10s..20s --format har > ten.har
  glyphctl flows ls RECORDING --status 4xx --format json | jq -r .request.url"))]
pub(super) struct LsArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    input: PathBuf,
    #[command(flatten)]
    filter: FilterArgs,
    /// How to print the flows
    #[arg(long, value_enum, default_value_t = FlowsFormat::Table, help_heading = "Options")]
    format: FlowsFormat,
    /// Print no more than the first N
    #[arg(long, value_name = "N", conflicts_with_all = ["tail", "slowest"], help_heading = "Options")]
    limit: Option<usize>,
    /// Print no more than the last N
    #[arg(long, value_name = "N", conflicts_with = "slowest", help_heading = "Options")]
    tail: Option<usize>,
    /// Print the N that took longest, the longest first
    #[arg(long, value_name = "N", help_heading = "Options")]
    slowest: Option<usize>,
    /// Leave bodies as they are stored
    #[arg(long, help_heading = "Options")]
    raw: bool,
    #[command(flatten)]
    secrets: SecretsArgs,
    /// How many columns to use; otherwise the terminal's, or all that it takes
    #[arg(long, value_name = "COLUMNS", help_heading = "Options")]
    width: Option<usize>,
}

/// Runs it.
pub(super) fn run(flags: &LsArgs) -> anyhow::Result<ExitCode> {
    let filter = flags.filter.filter()?;
    let source = Source::open(&flags.input)?;
    let secrets = flags.secrets.load()?;
    let left_out = output::streamed(|out| {
        let mut printer = Printer::new(flags, secrets);
        let mut kept = Kept::new(flags);
        printer.start(out)?;
        source.each(
            |line| filter.may(line),
            |record| {
                if !filter.meets(&record.flow) {
                    return Ok(ControlFlow::Continue(()));
                }
                match &mut kept {
                    Kept::All { left } => {
                        let Some(less) = left.checked_sub(1) else { return Ok(ControlFlow::Break(())) };
                        *left = less;
                        printer.print(&record, out)?;
                        if less == 0 {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    kept => kept.keep(&record),
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        for line in kept.lines() {
            printer.print(&Record { line: &line, flow: serde_json::from_str(&line)? }, out)?;
        }
        printer.end(out)
    })?;
    if left_out > 0 {
        note(format_args!("{} left out: HAR has no such thing", counted(left_out, "tunnel")));
    }
    Ok(ExitCode::SUCCESS)
}

/// A list, or flows whole.
enum Printer {
    List(List),
    Whole(Writer),
}

impl Printer {
    fn new(flags: &LsArgs, secrets: Option<Secrets>) -> Self {
        match flags.format {
            FlowsFormat::Table => Self::List(List::new(flags.width.or_else(output::terminal_width))),
            format => Self::Whole(Writer::new(format, flags.raw, secrets)),
        }
    }

    fn start(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        if let Self::Whole(writer) = self {
            writer.start(out)?;
        }
        Ok(())
    }

    fn print(&mut self, record: &Record<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.push(Row::of(&record.flow), out)?,
            Self::Whole(writer) => {
                if !writer.line(record.line, out)? {
                    writer.flow(record.whole()?, out)?;
                }
            }
        }
        Ok(())
    }

    /// Tells how many tunnels there was no way to print.
    fn end(&mut self, out: &mut dyn Write) -> anyhow::Result<u64> {
        match self {
            Self::List(list) => list.end(out).map(|()| 0).map_err(Into::into),
            Self::Whole(writer) => {
                writer.end(out)?;
                Ok(writer.tunnels_left_out())
            }
        }
    }
}

/// What is kept until all have been seen, of those that can't be printed at once.
enum Kept {
    All {
        left: usize,
    },
    Last {
        most: usize,
        lines: VecDeque<String>,
    },
    /// By duration, and of those that are as long the first.
    Slowest {
        most: usize,
        lines: BTreeMap<(u64, Reverse<u64>), String>,
        seen: u64,
    },
}

impl Kept {
    fn new(flags: &LsArgs) -> Self {
        match (flags.tail, flags.slowest) {
            (Some(most), _) => Self::Last { most, lines: VecDeque::new() },
            (None, Some(most)) => Self::Slowest { most, lines: BTreeMap::new(), seen: 0 },
            (None, None) => Self::All { left: flags.limit.unwrap_or(usize::MAX) },
        }
    }

    fn keep(&mut self, record: &Record<'_>) {
        match self {
            Self::All { .. } => {}
            Self::Last { most, lines } => {
                lines.push_back(record.line.to_owned());
                if lines.len() > *most {
                    lines.pop_front();
                }
            }
            Self::Slowest { most, lines, seen } => {
                *seen += 1;
                let key = (record.flow.duration_ns(), Reverse(*seen));
                if lines.len() >= *most && lines.first_key_value().is_none_or(|(least, _)| *least >= key) {
                    return;
                }
                lines.insert(key, record.line.to_owned());
                if lines.len() > *most {
                    lines.pop_first();
                }
            }
        }
    }

    fn lines(self) -> Vec<String> {
        match self {
            Self::All { .. } => Vec::new(),
            Self::Last { lines, .. } => lines.into(),
            Self::Slowest { lines, .. } => lines.into_values().rev().collect(),
        }
    }
}
