//! `glyphctl trace summarize`: the table, and the Chrome trace.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use glyph_analysis::{
    text::counted,
    trace::{Keep, Oddity, Sources, Traces, chrome},
};
use glyph_formats::atomic::AtomicFile;

use super::input;
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
#[command(after_help = "\
Percentiles are nearest-rank: the ceil(q·n)-th of the n durations, one that really occurred. Self time is a span's \
duration without the union of its children's. The critical path is what the trace waited for: from its end backwards, \
always the child that finished last; each span counts for what of the path it spent itself.

Examples:
  glyphctl trace summarize /var/log/glyph/traces.jsonl
  glyphctl trace summarize RECORDING -o trace.json    (open it in https://ui.perfetto.dev)
  glyphctl trace summarize RECORDING --sort critical --top 5
  zcat old.jsonl.gz | glyphctl trace summarize - --format json | jq '.rows[0]'")]
pub(super) struct SummarizeArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// Also write a Chrome trace there, for Perfetto, chrome://tracing and speedscope
    #[arg(short = 'o', long, value_name = "OUT.json")]
    chrome: Option<PathBuf>,
    /// What the Chrome trace says of each span: nothing more, its ids, or its ids, status and attributes
    #[arg(long, value_enum, default_value_t = ArgsFlag::Full, requires = "chrome")]
    args: ArgsFlag,
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

impl From<ArgsFlag> for chrome::Args {
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
    let opened = flags.inputs.iter().map(|input| Opened::open(input)).collect::<anyhow::Result<Vec<_>>>()?;
    let sources = input::sources(&opened)?;
    let args = chrome::Args::from(flags.args);
    // An output that can't be written should not be found out after minutes of reading.
    let target = flags.chrome.as_deref().map(|path| ChromeFile::create(path, flags, &sources)).transpose()?;
    let keep = if target.is_some() { args.keep() } else { Keep::NOTHING };
    let traces = input::traces(&sources, keep)?;
    let mut summary = traces.summarize()?;
    if let Some(target) = target {
        target.write(&traces, args)?;
    }
    if flags.format != Format::Json {
        // Torn lines have been named one by one.
        for (kind, count) in traces.oddities.iter().filter(|(kind, _)| *kind != Oddity::TornLine) {
            warn(kind.describe(count));
        }
    }
    summary::sort(&mut summary, flags.sort);
    let hidden = summary.rows.len().saturating_sub(flags.top.unwrap_or(usize::MAX));
    summary.rows.truncate(summary.rows.len() - hidden);
    crate::output::to_stdout(|out| summary::write(&summary, flags.format, out))?;
    if hidden > 0 && flags.format == Format::Table {
        note(format!("{} not shown (--top)", counted(hidden as u64, "more row")));
    }
    Ok(ExitCode::SUCCESS)
}

/// The Chrome trace on its way.
struct ChromeFile<'a> {
    path: &'a Path,
    file: AtomicFile,
}

impl<'a> ChromeFile<'a> {
    fn create(path: &'a Path, flags: &SummarizeArgs, sources: &Sources) -> anyhow::Result<Self> {
        let same = |input: &PathBuf| match (fs::canonicalize(input), fs::canonicalize(path)) {
            (Ok(input), Ok(output)) => input == output,
            _ => false,
        };
        if sources.files().iter().chain(&flags.inputs).any(same) {
            bail!("{}: is one of the files to read", path.display());
        }
        let file = AtomicFile::create(path).with_context(|| format!("{}: can't be written", path.display()));
        let file =
            file.map_err(|e| e.hint("-o names the file for the Chrome trace; its folder must exist"))?;
        Ok(Self { path, file })
    }

    fn write(mut self, traces: &Traces, args: chrome::Args) -> anyhow::Result<()> {
        let what = || format!("{}: can't be written", self.path.display());
        let written = chrome::write(traces, args, &mut self.file).with_context(what)?;
        self.file.flush().with_context(what)?;
        self.file.commit().with_context(what)?;
        note(format!(
            "{}: {} on {}, {} (open it in https://ui.perfetto.dev or speedscope)",
            self.path.display(),
            counted(written.spans, "span"),
            counted(written.lanes, "lane"),
            counted(written.arrows, "arrow"),
        ));
        Ok(())
    }
}
