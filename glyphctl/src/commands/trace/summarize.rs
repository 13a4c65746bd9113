//! `glyphctl trace summarize`: the table, the traces for viewers, and the stacks of a flame graph.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::{ArgGroup, Args, ValueEnum};
use glyph_analysis::{
    text::counted,
    trace::{Keep, Oddity, Traces, chrome, folded, perfetto, picture, summary::Key},
};

use super::{input, target::Target};
use crate::{
    commands::recording::Opened,
    output::{
        Format,
        failure::HintExt,
        note,
        summary::{self, Column},
        warn,
    },
};

/// Flags of `glyphctl trace summarize`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("picture").multiple(true), after_help = "\
Percentiles are nearest-rank: the ceil(q·n)-th of the n durations, one that really occurred. Self time is a span's \
duration without the union of its children's. The critical path is what the trace waited for: from its end backwards, \
always the child that finished last; each span counts for what of the path it spent itself.

With --by attr:KEY, an attribute that is no string counts as its JSON text; spans without it, or with null, are a row of \
their own, shown as (none) and null in JSON.

--folded writes a line for each distinct stack with self time, `shop checkout;auth 1200`: the span names from the root \
down, each after its service where that changes, and the self time in nanoseconds, summed. A `;` in a name is written \
as \\u{3b}, as is what can't be seen; of a name 200 characters are shown. Spans more than 256 levels deep count for their \
ancestor there.

--perfetto writes the Chrome trace's content in Perfetto's own format: a fraction of the size, so that more fits into a \
viewer, and times since 1970 in which no nanosecond is lost. Only Perfetto reads it.

Examples:
  glyphctl trace summarize /var/log/glyph/traces.jsonl
  glyphctl trace summarize RECORDING -o trace.json    (open it in https://ui.perfetto.dev)
  glyphctl trace summarize BIG.jsonl --perfetto big.pftrace --args ids
  glyphctl trace summarize RECORDING --sort critical --top 5
  glyphctl trace summarize RECORDING --by attr:http.route,status
  glyphctl trace summarize RECORDING --folded stacks.txt    (inferno-flamegraph < stacks.txt > flame.svg)
  zcat old.jsonl.gz | glyphctl trace summarize - --format json | jq '.rows[0]'")]
pub(super) struct SummarizeArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// Also write a Chrome trace there, for Perfetto, chrome://tracing and speedscope
    #[arg(short = 'o', long, value_name = "OUT.json", group = "picture")]
    chrome: Option<PathBuf>,
    /// Also write a trace in Perfetto's own format there
    #[arg(long, value_name = "OUT.pftrace", group = "picture")]
    perfetto: Option<PathBuf>,
    /// What these two say of each span: nothing more, its ids, or its ids, status and attributes
    #[arg(long, value_enum, default_value_t = ArgsFlag::Full, requires = "picture")]
    args: ArgsFlag,
    /// Also write collapsed stacks there, for flamegraph.pl, inferno and speedscope
    #[arg(long, value_name = "OUT.txt")]
    folded: Option<PathBuf>,
    /// What the spans of a row have in common: service, name, kind, status, attr:KEY; several with commas, or repeated
    #[arg(long, value_name = "KEY", value_delimiter = ',', default_value = "service,name")]
    by: Vec<Key>,
    /// How to print the summary
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Which column to sort by: names ascending, figures descending
    #[arg(long, value_enum, default_value_t = Column::Total, value_name = "COLUMN")]
    sort: Column,
    /// Print no more than so many rows
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ArgsFlag {
    None,
    Ids,
    Full,
}

impl From<ArgsFlag> for picture::Args {
    fn from(flag: ArgsFlag) -> Self {
        match flag {
            ArgsFlag::None => Self::None,
            ArgsFlag::Ids => Self::Ids,
            ArgsFlag::Full => Self::Full,
        }
    }
}

/// Runs it.
pub(super) fn run(flags: &SummarizeArgs) -> anyhow::Result<ExitCode> {
    if let Some(key) = flags.sort.key().filter(|key| !flags.by.contains(key)) {
        let error = anyhow!("--sort {key}: the rows have no such column");
        return Err(error.hint("--by names the columns before the figures"));
    }
    let opened = flags.inputs.iter().map(|input| Opened::open(input)).collect::<anyhow::Result<Vec<_>>>()?;
    let sources = input::sources(&opened)?;
    let args = picture::Args::from(flags.args);
    // An output that can't be written should not be found out after minutes of reading.
    let mut taken = [sources.files(), &flags.inputs].concat();
    let mut target = |path, hint| {
        let target = Target::create(path, &taken, hint);
        taken.push(path.to_owned());
        target
    };
    let hint = "-o names the file for the Chrome trace; its folder must exist";
    let chrome = flags.chrome.as_deref().map(|path| target(path, hint)).transpose()?;
    let hint = "--perfetto names the file for the trace; its folder must exist";
    let perfetto = flags.perfetto.as_deref().map(|path| target(path, hint)).transpose()?;
    let hint = "--folded names the file for the stacks; its folder must exist";
    let folded = flags.folded.as_deref().map(|path| target(path, hint)).transpose()?;
    let mut keep = if chrome.is_some() || perfetto.is_some() { args.keep() } else { Keep::NOTHING };
    keep.attributes |= flags.by.iter().any(|key| matches!(key, Key::Attribute(_)));
    let traces = input::traces(&sources, keep)?;
    let mut summary = traces.summarize_by(&flags.by)?;
    if let Some(target) = chrome {
        let path = target.path;
        let written = target.write(|file| chrome::write(&traces, args, file))?;
        note_picture(path, written, "https://ui.perfetto.dev or speedscope");
    }
    if let Some(target) = perfetto {
        let path = target.path;
        let written = target.write(|file| perfetto::write(&traces, args, file))?;
        note_picture(path, written, "https://ui.perfetto.dev");
    }
    if let Some(target) = folded {
        write_folded(target, &traces)?;
    }
    if flags.format != Format::Json {
        // Torn lines have been named one by one.
        for (kind, count) in traces.oddities.iter().filter(|(kind, _)| *kind != Oddity::TornLine) {
            warn(kind.describe(count));
        }
    }
    summary::sort(&mut summary, flags.sort);
    summary.keep_first(flags.top.unwrap_or(usize::MAX));
    crate::output::to_stdout(|out| summary::write(&summary, flags.format, out))?;
    if let (Some(hidden), Format::Csv) = (summary.rows_left_out, flags.format) {
        note(format!("{} not shown (--top)", counted(hidden, "more row")));
    }
    Ok(ExitCode::SUCCESS)
}

fn note_picture(path: &Path, written: picture::Written, viewers: &str) {
    note(format!(
        "{}: {} on {}, {} (open it in {viewers})",
        path.display(),
        counted(written.spans, "span"),
        counted(written.lanes, "lane"),
        counted(written.arrows, "arrow"),
    ));
}

fn write_folded(target: Target<'_>, traces: &Traces) -> anyhow::Result<()> {
    let path = target.path.display();
    let written = target.write(|file| folded::write(traces, file))?;
    note(format!(
        "{path}: {} (for flamegraph.pl, inferno-flamegraph or https://www.speedscope.app)",
        counted(written.stacks, "stack"),
    ));
    if written.too_deep > 0 {
        let (spans, most) = (counted(written.too_deep, "span"), folded::MOST_FRAMES);
        warn(format!("{path}: {spans} below level {most} of a trace: counted for the ancestor there"));
    }
    Ok(())
}
