//! The files that `trace summarize` writes beside what it prints: flags, and what comes of them.
//!
//! In: traces in memory. Out: each file whole, and a word on it. Not here: which traces go into them
//! ([`super::choice`]), and what is printed.

use std::{fmt::Display, io, path::PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use glyph_analysis::{
    text::counted,
    trace::{Keep, Sources, Traces, chrome, folded, perfetto, picture},
};
use glyph_formats::atomic::AtomicFile;

use super::{
    choice::ChoiceArgs,
    target::Target,
    viewers::{Export, advice},
};
use crate::output::{note, warn};

/// Flags that name files to write.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("picture").multiple(true))]
pub(super) struct ExportArgs {
    /// Also write a Chrome trace there, for Perfetto, chrome://tracing and speedscope
    #[arg(short = 'o', long, value_name = "FILE", group = "picture")]
    chrome: Option<PathBuf>,
    /// Also write a trace in Perfetto's own format there
    #[arg(long, value_name = "FILE", group = "picture")]
    perfetto: Option<PathBuf>,
    /// What these two say of each span: nothing more, its ids, or its ids, status and attributes
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ArgsFlag::Full, requires = "picture")]
    args: ArgsFlag,
    /// Also write collapsed stacks there, for flamegraph.pl, inferno and speedscope
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
    #[command(flatten)]
    choice: ChoiceArgs,
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

/// The files on their way.
pub(super) struct Exports<'a> {
    chrome: Option<Target<'a>>,
    perfetto: Option<Target<'a>>,
    folded: Option<Target<'a>>,
    args: picture::Args,
    choice: &'a ChoiceArgs,
}

impl ExportArgs {
    /// Starts the files; none if there is nothing to write. One that can't be written should not be found out after
    /// minutes of reading.
    pub(super) fn start(&self, sources: &Sources, inputs: &[PathBuf]) -> anyhow::Result<Option<Exports<'_>>> {
        self.choice
            .require_export(self.chrome.is_some() || self.perfetto.is_some() || self.folded.is_some())?;
        let mut taken = [sources.files(), inputs].concat();
        let mut start = |path, hint| {
            let target = Target::create(path, &taken, hint);
            taken.push(path.to_owned());
            target
        };
        let hint = "-o names the file for the Chrome trace; its folder must exist";
        let chrome = self.chrome.as_deref().map(|path| start(path, hint)).transpose()?;
        let hint = "--perfetto names the file for the trace; its folder must exist";
        let perfetto = self.perfetto.as_deref().map(|path| start(path, hint)).transpose()?;
        let hint = "--folded names the file for the stacks; its folder must exist";
        let folded = self.folded.as_deref().map(|path| start(path, hint)).transpose()?;
        let exports = Exports { chrome, perfetto, folded, args: self.args.into(), choice: &self.choice };
        let is_any = exports.chrome.is_some() || exports.perfetto.is_some() || exports.folded.is_some();
        Ok(is_any.then_some(exports))
    }
}

impl Exports<'_> {
    /// What has to be kept of the spans.
    pub(super) fn keep(&self) -> Keep {
        if self.chrome.is_some() || self.perfetto.is_some() { self.args.keep() } else { Keep::NOTHING }
    }

    /// Which traces go into them, if it is not every one.
    pub(super) fn choice(&self) -> &ChoiceArgs {
        self.choice
    }

    /// Writes them all.
    pub(super) fn write(self, traces: &Traces) -> anyhow::Result<()> {
        let args = self.args;
        if let Some(target) = self.chrome {
            let export = Export::Chrome { is_full: args == picture::Args::Full };
            picture(target, export, "https://ui.perfetto.dev or speedscope", |file| {
                chrome::write(traces, args, file)
            })?;
        }
        if let Some(target) = self.perfetto {
            picture(target, Export::Perfetto, "https://ui.perfetto.dev", |file| {
                perfetto::write(traces, args, file)
            })?;
        }
        self.folded.map_or(Ok(()), |target| stacks(target, traces))
    }
}

fn picture(
    target: Target<'_>,
    export: Export,
    viewers: &str,
    write: impl FnOnce(&mut AtomicFile) -> io::Result<picture::Written>,
) -> anyhow::Result<()> {
    let path = target.path.display();
    let (written, bytes) = target.write(write)?;
    note(format!(
        "{path}: {} on {}, {} (open it in {viewers})",
        counted(written.spans, "span"),
        counted(written.lanes, "lane"),
        counted(written.arrows, "arrow"),
    ));
    warn_of_size(&path, export, bytes);
    Ok(())
}

fn stacks(target: Target<'_>, traces: &Traces) -> anyhow::Result<()> {
    let path = target.path.display();
    let (written, bytes) = target.write(|file| folded::write(traces, file))?;
    note(format!(
        "{path}: {} (for flamegraph.pl, inferno-flamegraph or https://www.speedscope.app)",
        counted(written.stacks, "stack"),
    ));
    warn_of_size(&path, Export::Folded, bytes);
    if written.too_deep > 0 {
        let (spans, most) = (counted(written.too_deep, "span"), folded::MOST_FRAMES);
        warn(format!("{path}: {spans} below level {most} of a trace: counted for the ancestor there"));
    }
    Ok(())
}

fn warn_of_size(path: &impl Display, export: Export, bytes: u64) {
    if let Some(advice) = advice(export, bytes) {
        warn(format!("{path}: {advice}"));
    }
}
