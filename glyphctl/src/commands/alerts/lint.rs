//! `glyphctl alerts lint`: rules in, perhaps a recording, findings out.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyph_analysis::{
    metrics::Store,
    rules::lint::{Code, Finding, Report, lint},
};

use super::rules::Found;
use crate::{
    commands::metrics::data,
    output::{
        self,
        lint::{self as told, LintFormat},
    },
};

/// Flags of `glyphctl alerts lint`.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(super) struct LintArgs {
    /// Prometheus rule files, or PrometheusRule objects; also patterns in quotes ('prod/*.yaml'). Rules may read what
    /// rules of other files record: name all that are loaded together
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    rules: Vec<PathBuf>,
    /// What the rules are held against: recordings (also artifacts), or metrics files, as in `alerts check`. Without,
    /// the codes with a * are not looked for
    #[arg(long, value_name = "RECORDING|FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    /// Leave findings of a code out; may be given more than once
    #[arg(long, value_name = "WHAT")]
    ignore: Vec<Code>,
    /// How to print the findings
    #[arg(long, value_enum, default_value_t = LintFormat::Table)]
    format: LintFormat,
}

fn help() -> String {
    let code = |code: &Code| {
        let star = if code.needs_data() { '*' } else { ' ' };
        format!("  {star} {code:<26} {}\n", code.about())
    };
    let codes: String = Code::ALL.iter().map(code).collect();
    format!(
        "\
A finding is sure: of what can't be told from the rules, or from the recording, nothing is said.
What never happened while it was recorded, an error for example, has no series in it: take a longer
recording, or leave unseen-value out.

Codes (* needs --data):
{codes}
Exit codes: 0 nothing was found, 1 something was, 2 a file could not be read or loaded.

Examples:
  glyphctl alerts lint --rules alerts/alerts.yaml
  glyphctl alerts lint --rules 'prod/*.yaml' --data RECORDING
  glyphctl alerts lint --rules 'prod/*.yaml' --data run.om --ignore unseen-value --ignore no-series
  glyphctl alerts lint --rules alerts/alerts.yaml --data RECORDING --format github"
    )
}

/// Runs it.
pub(super) fn run(flags: &LintArgs) -> anyhow::Result<ExitCode> {
    let Found { files, errors, all } = Found::of(&flags.rules);
    let mut findings: Vec<Finding> = errors.iter().map(Finding::of_error).collect();
    let reading = if flags.data.is_empty() { None } else { Some(data::read(&flags.data)?) };
    findings.extend(lint(&files, reading.as_ref().map(|reading| -> &Store { &reading.store })));
    findings.retain(|finding| !flags.ignore.contains(&finding.code));
    let rules: usize = files.iter().flat_map(|file| &file.groups).map(|group| group.rules.len()).sum();
    let report = Report { rules: rules as u64, findings };
    output::to_stdout(|out| told::write(&report, flags.format, out))?;
    Ok(match (all, report.findings.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::from(1),
        (true, true) => ExitCode::SUCCESS,
    })
}
