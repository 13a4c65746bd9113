//! `glyphctl trace summarize`: the table, the traces for viewers, and the stacks of a flame graph.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::{
    text::counted,
    trace::{Filter, Grouping, Keep, Oddities, Oddity, Traces, group::Key},
};

use super::{exports::ExportArgs, filter::WHERE_HELP, input};
use crate::output::{
    Format,
    failure::HintExt,
    note,
    summary::{self, Column, View},
    terminal_width, warn,
};

/// Flags of `glyphctl trace summarize`.
#[derive(Debug, Args)]
#[command(after_help = "\
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
  glyphctl trace summarize RECORDING -o trace.json --errors --slowest 10    (only these traces)
  glyphctl trace summarize BIG.jsonl --perfetto big.pftrace --args ids
  glyphctl trace summarize RECORDING --sort critical --top 5
  glyphctl trace summarize RECORDING --by attr:http.route,status
  glyphctl trace summarize RECORDING --where 'kind = server && .http.response.status_code >= 500'
  glyphctl trace summarize 'runs/*/traces.jsonl' --by attr:http.route
  glyphctl trace summarize RECORDING --folded stacks.txt    (inferno-flamegraph < stacks.txt > flame.svg)
  zcat old.jsonl.gz | glyphctl trace summarize - --format json | jq '.rows[0]'")]
pub(super) struct SummarizeArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// What the spans of a row have in common: service, name, kind, status, attr:KEY; several with commas, or repeated
    #[arg(long, value_name = "KEY", value_delimiter = ',', default_value = "service,name")]
    by: Vec<Key>,
    /// Count only spans that meet this condition, such as 'status = error && duration > 100ms'
    #[arg(long = "where", value_name = "CONDITION", long_help = WHERE_HELP)]
    filter: Option<String>,
    /// Do nothing and exit with 2 if anything about the files is odd, and say where
    #[arg(long)]
    strict: bool,
    /// How much of the memory the spans may take, in MiB, before they go to temporary files; each span's duration stays in
    /// memory, and what a Chrome trace or stacks are made of
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,
    /// How to print the summary
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Which column to sort by: names ascending, figures descending
    #[arg(long, value_enum, default_value_t = Column::Total, value_name = "COLUMN")]
    sort: Column,
    /// What the traces waited for: sorts by the critical path and shows each row's share of all of it
    #[arg(long, conflicts_with = "sort")]
    critical_path: bool,
    /// Print no more than so many rows
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    exports: ExportArgs,
}

/// Runs it.
pub(super) fn run(flags: &SummarizeArgs) -> anyhow::Result<ExitCode> {
    let sort = if flags.critical_path { Column::Critical } else { flags.sort };
    if let Some(key) = sort.key().filter(|key| !flags.by.contains(key)) {
        let error = anyhow!("--sort {key}: the rows have no such column");
        return Err(error.hint("--by names the columns before the figures"));
    }
    let filter: Option<Filter> = flags.filter.as_deref().map(str::parse).transpose().context("--where")?;
    let opened = input::open(&flags.inputs)?;
    let sources = input::sources(&opened)?;
    let exports = flags.exports.start(&sources, &flags.inputs)?;
    let grouping = Grouping::by(&flags.by).only(filter);
    // Only what is drawn has to be in memory.
    let mut summary = match exports {
        None => {
            let summary = input::summary(&sources, grouping, flags.memory)?;
            accept(&summary.oddities, flags.strict)?;
            summary
        }
        Some(exports) => {
            let keep = Keep { attributes: grouping.needs_details(), ..Keep::NOTHING };
            let choice = exports.choice();
            let choose = |traces: &Traces| {
                accept(&traces.oddities, flags.strict)?;
                choice.chosen(traces)
            };
            let (all, chosen) = input::chosen(&sources, keep, exports.keep(), choice.is_any(), choose)?;
            exports.write(chosen.as_ref().unwrap_or(&all))?;
            all.summarize_by(&grouping)
        }
    };
    if flags.format != Format::Json {
        told(&summary.oddities);
    }
    summary::sort(&mut summary, sort);
    summary.keep_first(flags.top.unwrap_or(usize::MAX));
    let view = View { sorted_by: sort, shares: flags.critical_path, terminal: terminal_width() };
    crate::output::to_stdout(|out| summary::write(&summary, flags.format, view, out))?;
    if let (Some(hidden), Format::Csv) = (summary.rows_left_out, flags.format) {
        note(format!("{} not shown (--top)", counted(hidden, "more row")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is odd, but for that of which each was told in the reading.
pub(super) fn told(oddities: &Oddities) {
    let is_named = |kind| matches!(kind, Oddity::TornLine | Oddity::CutShort);
    for (kind, count) in oddities.iter().filter(|(kind, _)| !is_named(*kind)) {
        warn(kind.describe(count));
    }
}

/// Refuses what is odd, if that is asked for.
pub(super) fn accept(oddities: &Oddities, is_strict: bool) -> anyhow::Result<()> {
    if !is_strict || oddities.is_empty() {
        return Ok(());
    }
    for (kind, count) in oddities.iter() {
        match oddities.example(kind) {
            Some(place) => note(format!("{place}: {}", kind.name(count))),
            None => note(kind.name(count)),
        }
    }
    Err(anyhow!("--strict: the files are odd")
        .hint("without --strict, what is odd is counted and the rest is summarised"))
}
