//! `glyphctl alerts check`: rules in, data in, a verdict out.

use std::{path::PathBuf, process::ExitCode, str::FromStr};

use clap::Args;
use glyph_analysis::rules::{Check, Scale};

use super::rules;
use crate::{
    commands::metrics::data::{self, DATA_HELP},
    output::{
        self,
        alerts::{self, AlertsFormat},
        note, warn,
    },
};

/// Flags of `glyphctl alerts check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rules are evaluated as Prometheus 3 does it, at every multiple of their group's interval. An alert of which nothing
can be said, because the recording is too short or has none of its series, is undecided, never inactive.

Exit codes: 0 no alert fired, 1 one did, 2 something could not be judged.

Examples:
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING
  glyphctl alerts check --rules prod/*.yaml --data run.om --allow-undecided --format markdown
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING --time-scale 1/60
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING --set glyph:threshold:http_failure_ratio=0.05")]
pub(super) struct CheckArgs {
    /// Prometheus rule files, or PrometheusRule objects
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    rules: Vec<PathBuf>,
    #[arg(long, value_name = "RECORDING|FILE", required = true, num_args = 1.., help = DATA_HELP)]
    data: Vec<PathBuf>,
    /// Put a number in the place of a recording rule, a threshold for example
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    /// Multiply for, ranges, offsets and intervals of the rules, for example 1/60 over a recording of seconds
    #[arg(long, value_name = "N/M")]
    time_scale: Option<Scale>,
    /// Don't fail because of alerts that are undecided
    #[arg(long)]
    allow_undecided: bool,
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t = AlertsFormat::Table)]
    format: AlertsFormat,
}

/// A name and a number.
#[derive(Debug, Clone)]
struct Setting {
    name: String,
    value: f64,
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected the name of a recording rule, = and a number";
        let (name, value) = text.rsplit_once('=').ok_or(wrong)?;
        Ok(Self { name: name.to_owned(), value: value.parse().map_err(|_| wrong)? })
    }
}

/// Runs it.
pub(super) fn run(flags: &CheckArgs) -> anyhow::Result<ExitCode> {
    let set = flags.set.iter().map(|setting| rules::Set {
        name: &setting.name,
        value: setting.value,
        origin: format!("--set {}", setting.name),
    });
    let rules = rules::load(&flags.rules, set, flags.time_scale)?;
    let mut reading = data::read(&flags.data)?;
    let Check { outcome, problems, warnings } =
        glyph_analysis::rules::check(&rules.files, &mut reading.store);
    warnings.iter().for_each(warn);
    output::to_stdout(|out| alerts::write(&outcome, flags.format, out))?;
    for problem in &problems {
        note(problem);
    }
    let mut undecided = false;
    for alert in outcome.undecided() {
        undecided = true;
        note(format_args!("{}: undecided: {}", alert.alert, alert.reason.as_deref().unwrap_or_default()));
    }
    if undecided && !flags.allow_undecided {
        note("--allow-undecided lets undecided alerts pass");
    }
    let judged = rules.all && problems.is_empty() && (!undecided || flags.allow_undecided);
    Ok(match (outcome.fired, judged) {
        (true, _) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(2),
    })
}
