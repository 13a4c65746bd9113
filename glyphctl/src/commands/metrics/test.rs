//! `glyphctl metrics test`: scripts in, a count of what passed out.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::{
    promql::Settings,
    promqltest::{self, Outcome, Script},
    text::visible,
};

use crate::{
    commands::trace::input,
    output::{self, failure::HintExt, fault, manner},
};

/// Flags of `glyphctl metrics test`.
#[derive(Debug, Args)]
#[command(after_help = "\
A script loads series and says what expressions give:

  load 1m
    requests_total{code=\"200\"} 0+60x10

  eval instant at 10m sum(rate(requests_total[5m]))
    {} 1

  eval range from 0 to 2m step 1m requests_total offset 1m
    expect no_warn
    requests_total{code=\"200\"} _ 0 60

docs/promql.md has the language in short. Names of metrics are removed at the end, as in the engine with which \
Prometheus runs its own scripts. Evals that need what there is not, native histograms for example, are skipped.

Exit codes: 0 all passed, 1 some failed, 2 a file can't be read or is no script.

Examples:
  glyphctl metrics test rules.test
  glyphctl metrics test testdata/promql --skipped
  glyphctl metrics test 'checks/*.test'")]
pub(super) struct TestArgs {
    /// Scripts, folders of *.test files, or patterns in quotes ('checks/*.test')
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// List what was skipped, and why; so does --verbose
    #[arg(long)]
    skipped: bool,
    /// Remove metric names where an operation makes them wrong, as Prometheus does without its feature
    /// promql-delayed-name-removal
    #[arg(long)]
    early_name_removal: bool,
}

/// Runs it.
pub(super) fn run(flags: &TestArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings { delayed_name_removal: !flags.early_name_removal, ..promqltest::engine() };
    let mut total = Outcome::default();
    let mut is_whole = true;
    output::to_stdout(|out| {
        for file in &files(&flags.files, &mut is_whole) {
            let Some(outcome) = run_file(file, settings) else {
                is_whole = false;
                continue;
            };
            tell(file, &outcome, flags.skipped || manner::is_verbose(), out)?;
            total.passed += outcome.passed;
            total.failed.extend(outcome.failed);
            total.skipped.extend(outcome.skipped);
        }
        writeln!(out, "{total}")
    })?;
    Ok(match (is_whole, total.failed.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::from(1),
        (true, true) => ExitCode::SUCCESS,
    })
}

/// A line for each failure, and for each skip if that is wanted.
fn tell(file: &Path, outcome: &Outcome, skipped: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let place = file.display();
    for failure in &outcome.failed {
        writeln!(out, "{}", visible(&format!("{place}:{}: {failure}", failure.line)))?;
    }
    for skip in outcome.skipped.iter().filter(|_| skipped) {
        writeln!(out, "{}", visible(&format!("{place}:{}: skipped: {skip}", skip.line)))?;
    }
    Ok(())
}

/// What came of a file; none if it is no script, which is told.
fn run_file(file: &Path, settings: Settings) -> Option<Outcome> {
    let place = file.display();
    let text = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(e) => {
            fault(format_args!("{place}: can't be read: {e}"));
            return None;
        }
    };
    let Ok(text) = String::from_utf8(text) else {
        fault(format_args!("{place}: is no script: it is not UTF-8"));
        return None;
    };
    match Script::parse(&text) {
        Ok(script) if script.is_empty() => {
            fault(format_args!("{place}: is no script: it has no command"));
            None
        }
        Ok(script) => Some(promqltest::run(&script, settings)),
        Err(e) => {
            fault(format_args!("{place}:{}: {e}", e.line));
            None
        }
    }
}

/// The files that are named; what can't be found is told.
fn files(named: &[PathBuf], is_whole: &mut bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in named {
        match found(name) {
            Ok(found) => files.extend(found),
            Err(error) => {
                output::failure::report(&error);
                *is_whole = false;
            }
        }
    }
    files
}

fn found(name: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in input::matching(name)? {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        let entries = fs::read_dir(&path).with_context(|| format!("{}: can't be read", path.display()))?;
        let mut scripts = Vec::new();
        for entry in entries {
            let file = entry?.path();
            if file.extension().is_some_and(|e| e == "test") {
                scripts.push(file);
            }
        }
        if scripts.is_empty() {
            return Err(anyhow!("{}: has no scripts", path.display()).hint("scripts are files named *.test"));
        }
        scripts.sort();
        files.extend(scripts);
    }
    Ok(files)
}
