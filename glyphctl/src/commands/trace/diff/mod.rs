//! `glyphctl trace diff`: two sides, each of one or more runs, and a verdict.

pub(in crate::commands) mod runs;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::trace::{
    Filter,
    diff::{CompareError, Diff, Rule, Side, compare, told},
};
use glyph_formats::jsonl::input::is_stdin;

use super::filter::WHERE_HELP;
use crate::output::{
    failure::HintExt,
    hint_at, note, terminal_width,
    trace::diff::{self, DiffFormat, Names},
    warn,
};

/// Flags of `glyphctl trace diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
A rule is broken if a figure has grown by more than its limits and by more than noise. What noise is, 1,000 resamples of the \
traces say (a bootstrap; whole traces, since their spans hang together); the limit is set for all rows and rules together, so \
that of 100 comparisons of the same with the same about 3 find anything. The intervals shown are those within which the \
change lies with that confidence. With the same files, rules and --seed, the same comes out.

A rule is FIGURE > LIMIT, maybe with a second limit: 'p95 > 10% and > 2ms' must pass both. Figures are the percentiles p1 to \
p99.9, mean, self (the mean self time), errors (the share of failed spans), critical (the share of the critical path) and \
calls (spans a trace); limits are relative (10%), or a duration (2ms), percentage points (1pp), or spans a trace (0.5). \
Rules can also be 'new' and 'gone': spans that there were none of, or are none of any more. Before a rule may stand of which spans it is, as \
a pattern for names, or for service and name: 'shop checkout*: p99 > 20%'.

Several runs a side say more than one: then what runs differ by anyway counts, too. A directory of recordings is as many runs, \
and so is a pattern in quotes.

Counts and rates are shown, never judged: runs last differently long. A percentile is judged if ten traces lie beyond it (p95: 200 \
traces with such a span, p99: 1,000), other figures with 100.

Exit codes: 0 no rule is broken; 1 one is; 2 nothing could be compared, or a rule could be held against no row.

Examples:
  glyphctl trace diff main.jsonl branch.jsonl
  glyphctl trace diff BASE NEW --fail-on 'p95 > 10% and > 2ms' --fail-on 'errors > 1pp'
  glyphctl trace diff BASE NEW --fail-on 'shop *: p99 > 20%' --fail-on 'calls > 0.5' --fail-on gone
  glyphctl trace diff baselines/main/ runs/today/    (directories of recordings)
  glyphctl trace diff 'main-*.jsonl.gz' 'branch-*.jsonl.gz' --format markdown >> $GITHUB_STEP_SUMMARY
  glyphctl trace diff BASE NEW --where 'kind = server' --format json | jq '.rows[] | select(.verdict == \"worse\")'")]
pub(in crate::commands::trace) struct DiffArgs {
    /// What to compare with: a recording, an artifact, a span file, a folder of span files; a directory of recordings or a
    /// pattern in quotes for several runs; or - for standard input
    base: PathBuf,
    /// What to compare: the same
    new: PathBuf,
    #[command(flatten)]
    how: HowArgs,
}

/// Flags that say how two sides are compared, and how that is printed.
#[derive(Debug, Args)]
pub(in crate::commands) struct HowArgs {
    /// What must not be: 'p95 > 10% and > 2ms'; repeat it for more
    #[arg(long, value_name = "WHAT", default_values = Rule::DEFAULT)]
    fail_on: Vec<Rule>,
    /// Compare only spans that meet this condition, such as 'kind = server'
    #[arg(long = "where", value_name = "CONDITION", long_help = WHERE_HELP)]
    filter: Option<String>,
    /// How to print the comparison
    #[arg(long, value_enum, default_value_t = DiffFormat::Table)]
    format: DiffFormat,
    /// Print no more than so many rows; those that are worse come first
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// What the resamples are drawn with: a number
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// How much of the memory the spans of a run may take, in MiB, before they go to temporary files; 16 bytes of each span stay in
    /// memory
    #[arg(long, value_name = "MIB", default_value_t = runs::MEMORY)]
    memory: u64,
}

/// Runs it.
pub(super) fn run(flags: &DiffArgs) -> anyhow::Result<ExitCode> {
    between(&flags.base, &flags.new, &flags.how)
}

/// Compares two sides, prints what came of it, and says how to end.
pub(in crate::commands) fn between(base: &Path, new: &Path, how: &HowArgs) -> anyhow::Result<ExitCode> {
    if is_stdin(base) && is_stdin(new) {
        return Err(anyhow!("-: only one side can come from standard input"));
    }
    let diff = comparison(base, new, how)?;
    let names = Names { base, new };
    crate::output::to_stdout(|out| {
        diff::write(&diff, how.format, names, how.top.unwrap_or(usize::MAX), terminal_width(), out)
    })?;
    if how.format != DiffFormat::Table {
        diff.notes.iter().for_each(note);
    }
    for rule in &diff.undecided {
        warn(told::undecided(&diff, rule));
    }
    Ok(match (diff.failed, diff.undecided.is_empty()) {
        (true, _) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => {
            hint_at("more traces decide it; or --fail-on without that rule");
            ExitCode::from(2)
        }
    })
}

fn comparison(base: &Path, new: &Path, how: &HowArgs) -> anyhow::Result<Diff> {
    let filter: Option<Filter> = how.filter.as_deref().map(str::parse).transpose().context("--where")?;
    let side = |path| runs::side(path, filter.clone(), how.memory);
    let sides: (Side, Side) = (side(base)?, side(new)?);
    compare(&sides.0, &sides.1, &how.fail_on, how.seed).map_err(|error| {
        let hint = match error {
            CompareError::NothingInCommon => {
                "spans are compared by service and name; has the service another name?"
            }
            CompareError::EmptyBase | CompareError::EmptyNew if filter.is_some() => "no span meets --where",
            CompareError::EmptyBase | CompareError::EmptyNew => "was anything recorded?",
        };
        let names = format!("{} and {}", base.display(), new.display());
        anyhow::Error::new(error).context(names).hint(hint)
    })
}
