//! `glyphctl alerts test`: promtool's tests of rules, and more.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use glyph_analysis::{
    rules::unit::{self, Outcome, Ranges, TestFile, TestOutcome, Verdict},
    text::visible,
};
use regex::Regex;

use super::rules::tell;
use crate::{
    commands::trace::input,
    output::{self, failure, junit, note, rule_tests, warn},
};

/// Flags of `glyphctl alerts test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Test files are those of `promtool test rules`. Beyond its format, an item of alert_rule_test takes
  exp_state: pending        the alerts that are pending, instead of those that fire
  exp_no_alerts: [{a: b}]   labels of which no alert may have all, pending or firing
and a test takes
  input_recording: run.om   a recording or a file of metrics, instead of input_series; times
                            count from start_timestamp, or from its first sample, rounded down
                            to the evaluation interval

In Prometheus 3 a range leaves out a sample at its left end, which Prometheus 2 takes in. A test that passes only as
in Prometheus 2 is told, and passes; --ranges says otherwise.

Exit codes: 0 all passed, 1 some failed, 2 something could not be judged.

Examples:
  glyphctl alerts test alerts/tests.yaml
  glyphctl alerts test 'rules/*_test.yaml' --run 'disk|memory' --junit report.xml
  glyphctl alerts test tests.yaml --ranges left-open")]
pub(super) struct TestArgs {
    /// Test files, or patterns in quotes ('rules/*_test.yaml')
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Run only tests whose name the regular expression finds something in; of several, any
    #[arg(long, value_name = "REGEX")]
    run: Vec<Regex>,
    /// Which samples a range takes in
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = RangesArg::Either)]
    ranges: RangesArg,
    /// Write a report for CI services, JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Which samples a range takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RangesArg {
    /// Not one at its left end: as in Prometheus 3.
    LeftOpen,
    /// One at its left end, too: as in Prometheus 2.
    Closed,
    /// A test passes if it does so with one of both.
    Either,
}

/// What became of all files.
#[derive(Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Something could not be judged.
    broken: bool,
}

/// Runs it.
pub(super) fn run(flags: &TestArgs) -> anyhow::Result<ExitCode> {
    let ranges = match flags.ranges {
        RangesArg::LeftOpen => Ranges::LeftOpen,
        RangesArg::Closed => Ranges::Closed,
        RangesArg::Either => Ranges::Either,
    };
    let chosen = |name: &str| flags.run.is_empty() || flags.run.iter().any(|regex| regex.is_match(name));
    let mut counts = Counts::default();
    let mut suites = Vec::new();
    let paths = files(&flags.files, &mut counts);
    output::to_stdout(|out| {
        let mut written = Ok(());
        unit::run_files(&paths, ranges, &chosen, &mut |path, outcome| {
            if written.is_ok() {
                suites.push(rule_tests::suite(path, &outcome));
                written = tell_file(path, &outcome, &mut counts, out);
            }
        });
        written?;
        writeln!(out, "{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped)
    })?;
    if let Some(path) = &flags.junit {
        let write = || junit::write("glyphctl alerts test", &suites, &mut fs::File::create(path)?);
        write().with_context(|| format!("{}: can't be written", path.display()))?;
    }
    Ok(match (counts.broken, counts.failed) {
        (true, _) => ExitCode::from(2),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(1),
    })
}

/// Says what came of a file.
fn tell_file(path: &Path, outcome: &Outcome<'_>, counts: &mut Counts, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Unit Testing:  {}", visible(&path.display().to_string()))?;
    match outcome {
        Ok((file, tests)) => {
            counts.add(file, tests);
            rule_tests::write(path, tests, out)?;
        }
        Err(errors) => {
            counts.broken = true;
            writeln!(out, "  NOT RUN")?;
            // What is told stands in the order in which it came up.
            out.flush()?;
            errors.iter().for_each(tell);
        }
    }
    writeln!(out)
}

impl Counts {
    fn add(&mut self, file: &TestFile, tests: &[TestOutcome]) {
        file.warnings.iter().for_each(warn);
        self.skipped += file.tests.len() - tests.len();
        for test in tests {
            let place = || format!("{}:{}: {}", file.path.display(), test.line, test.name);
            match &test.verdict {
                Verdict::Passed => self.passed += 1,
                Verdict::PassedClosed => {
                    self.passed += 1;
                    warn(format_args!(
                        "{}: passes only where a range takes in a sample at its left end, as in Prometheus 2",
                        place()
                    ));
                }
                Verdict::Failed(_) => self.failed += 1,
                // What can't be judged is never green.
                Verdict::Skipped(why) => {
                    self.skipped += 1;
                    self.broken = true;
                    note(format_args!("{}: skipped: {why}", place()));
                }
                Verdict::Broken(what) => {
                    self.broken = true;
                    note(format_args!("{}: {what}", place()));
                }
            }
        }
    }
}

/// The files that are named; what can't be found is told.
fn files(named: &[PathBuf], counts: &mut Counts) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in named {
        match input::matching(Path::new(name)) {
            Ok(found) => files.extend(found),
            Err(error) => {
                failure::report(&error);
                counts.broken = true;
            }
        }
    }
    files
}
