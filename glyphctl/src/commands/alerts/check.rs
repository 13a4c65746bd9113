//! `glyphctl alerts check`: rules in, data in, a verdict out.

use std::{path::PathBuf, process::ExitCode, str::FromStr};

use anyhow::bail;
use clap::Args;
use glyph_analysis::{
    metrics::Store,
    pivot::explain::Explained,
    promql::{Settings, needs},
    rules::{Check, FailOn, Limits, Options, Outcome, Rule, RuleFile, Scale, check, compare},
};

use super::{
    explain::explain,
    rules::{self, Rules},
};
use crate::{
    commands::metrics::{
        prometheus::Want,
        source::{Source, SourceArgs},
        time,
    },
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

Where an expression compares something with a constant, the table says how close it came: 4.6 of 5 is a margin of
92 %. --compare OLD says alert by alert what these rules change on the same data.

Exit codes: 0 no alert counts, 1 one does, 2 something could not be judged: a file or a rule is wrong, or an alert
is undecided and none counts.

Examples:
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING --explain
  glyphctl alerts check --rules 'prod/*.yaml' --data run.om --allow-undecided --format markdown
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING --time-scale 1/60
  glyphctl alerts check --rules alerts/alerts.yaml --data RECORDING --set glyph:threshold:http_failure_ratio=0.05
  glyphctl alerts check --rules new.yaml --compare old.yaml --data RECORDING
  glyphctl alerts check --rules prod.yaml --prometheus http://localhost:9090 --start 2026-11-25T00:00:00Z
  glyphctl alerts check --rules prod.yaml --data RECORDING --fail-on severity=critical --max-firing 2m")]
pub(super) struct CheckArgs {
    /// Prometheus rule files, or PrometheusRule objects; also patterns in quotes ('prod/*.yaml')
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// From when rules are evaluated; RFC 3339 or seconds since the epoch [default: the first sample; an hour ago]
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true)]
    start: Option<i64>,
    /// Until when [default: the last sample; now]
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true)]
    end: Option<i64>,
    /// Put a number in the place of a recording rule, a threshold for example
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    /// Multiply for, ranges, offsets and intervals of the rules, for example 1/60 over a recording of seconds
    #[arg(long, value_name = "N/M")]
    time_scale: Option<Scale>,
    /// Which alerts fail the check: any that fires, also those that are pending, those that fire with a label, or, with
    /// --compare, those that change; of several, each [default: any]
    #[arg(long, value_name = "WHAT")]
    fail_on: Vec<Failing>,
    /// For how long an alert may fire in all before it fails the check, for example 2m
    #[arg(long, value_name = "DURATION", value_parser = time::span)]
    max_firing: Option<i64>,
    /// Say what the rules change against these, on the same data
    #[arg(long, value_name = "FILE", num_args = 1..)]
    compare: Vec<PathBuf>,
    /// For each time in which an alert fired: the exemplars that it looked at, what their traces waited for, their flows,
    /// findings and audit entries, and the commands that show more; without exemplars, the traces of that time
    #[arg(long)]
    explain: bool,
    /// Where --explain looks for the traces, if not in the recordings of --data
    #[arg(long, value_name = "RECORDING", num_args = 1.., requires = "explain")]
    traces: Vec<PathBuf>,
    /// Don't fail because of alerts that are undecided
    #[arg(long)]
    allow_undecided: bool,
    /// Let ranges take in a sample at their left end, as Prometheus 2 does
    #[arg(long)]
    closed_ranges: bool,
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

/// What fails the check.
#[derive(Debug, Clone)]
enum Failing {
    Alert(FailOn),
    /// An alert that the rules change.
    Change,
}

impl FromStr for Failing {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "changed" { Ok(Self::Change) } else { text.parse().map(Self::Alert) }
    }
}

/// Runs it.
pub(super) fn run(flags: &CheckArgs) -> anyhow::Result<ExitCode> {
    let (limits, fails_on_change) = limits(flags)?;
    let rules = load(flags, &flags.rules)?;
    let old = if flags.compare.is_empty() { None } else { Some(load(flags, &flags.compare)?) };
    let source = flags.source.open()?;
    let (first, last) = source.extent();
    let from_server = matches!(source, Source::Server(_));
    let end = flags.end.or(from_server.then_some(last));
    let start = flags.start.or(from_server.then_some(first));
    if start.unwrap_or(first) > end.unwrap_or(last) {
        bail!("--start is later than the end");
    }
    let options = Options { from: start, to: end, closed_ranges: flags.closed_ranges };
    let all: Vec<&RuleFile> = rules.files.iter().chain(old.iter().flat_map(|old| &old.files)).collect();
    let settings = Settings { closed_ranges: flags.closed_ranges, ..Settings::default() };
    let mut store = store(source, &all, settings, (start.unwrap_or(first), end.unwrap_or(last)))?;

    let mut store_of_old = old.is_some().then(|| store.clone());
    let Check { mut outcome, problems, warnings } = check(&rules.files, &mut store, options);
    warnings.iter().for_each(warn);
    let mut judged = rules.all && problems.is_empty();
    if let (Some(old), Some(store)) = (&old, &mut store_of_old) {
        let was = check(&old.files, store, options);
        outcome.changes = Some(compare(&was.outcome, &outcome));
        judged &= old.all && was.problems.is_empty();
        was.problems.iter().for_each(|problem| note(format_args!("--compare: {problem}")));
    }
    let explanations = match flags.explain {
        true if flags.traces.is_empty() => Some(explain(&outcome, &flags.source.data)?),
        true => Some(explain(&outcome, &flags.traces)?),
        false => None,
    };
    let explained = Explained { outcome: &outcome, explanations: explanations.as_deref() };
    output::to_stdout(|out| alerts::write(explained, &limits, flags.format, out))?;
    for problem in &problems {
        note(problem);
    }
    let undecided = tell_undecided(&outcome, flags.allow_undecided);
    let counts = !limits.violations(&outcome).is_empty();
    let changes = fails_on_change && outcome.changes.as_ref().is_some_and(|changes| changes.changed > 0);
    Ok(match (judged, counts || changes, undecided) {
        (false, _, _) => ExitCode::from(2),
        (true, true, _) => ExitCode::from(1),
        (true, false, true) => ExitCode::from(2),
        (true, false, false) => ExitCode::SUCCESS,
    })
}

fn limits(flags: &CheckArgs) -> anyhow::Result<(Limits, bool)> {
    let fails_on_change = flags.fail_on.iter().any(|on| matches!(on, Failing::Change));
    if fails_on_change && flags.compare.is_empty() {
        bail!("--fail-on changed: there is nothing to --compare with");
    }
    let alerts = flags.fail_on.iter().filter_map(|on| match on {
        Failing::Alert(on) => Some(on.clone()),
        Failing::Change => None,
    });
    let fail_on: Vec<FailOn> = alerts.collect();
    // Who says only that changes fail, says nothing of alerts that fire as before.
    let fail_on = if fail_on.is_empty() && fails_on_change { None } else { Some(fail_on) };
    Ok((Limits { fail_on, max_firing: flags.max_firing }, fails_on_change))
}

fn load(flags: &CheckArgs, paths: &[PathBuf]) -> anyhow::Result<Rules> {
    let set = flags.set.iter().map(|setting| rules::Set {
        name: &setting.name,
        value: setting.value,
        origin: format!("--set {}", setting.name),
    });
    rules::load(paths, set, flags.time_scale)
}

/// The samples that the rules need; of a server, no more than these.
fn store(
    source: Source,
    files: &[&RuleFile],
    settings: Settings,
    (start, end): (i64, i64),
) -> anyhow::Result<Store> {
    let rules = || files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    // What they record themselves is not fetched: there is one truth about it.
    let records = |name: &str| {
        name.starts_with("ALERTS") || rules().any(|rule: &Rule| !rule.is_alert() && rule.name == name)
    };
    let needs: Vec<_> = files
        .iter()
        .flat_map(|file| &file.groups)
        .flat_map(|group| group.rules.iter().map(|rule| (rule, group.query_offset)))
        .flat_map(|(rule, back)| needs::of(&rule.query.expr, settings, start - back, end - back))
        .filter(|need| !need.selector.matchers.iter().any(|m| *m.name == *"__name__" && records(&m.value)))
        .collect();
    let wanted: Vec<_> = needs
        .iter()
        .map(|n| Want { matchers: &n.selector.matchers, after: n.after, until: n.until })
        .collect();
    source.store(&wanted)
}

/// Says which alerts are undecided. Whether that harms the verdict.
fn tell_undecided(outcome: &Outcome, allowed: bool) -> bool {
    let mut undecided = false;
    for alert in outcome.undecided() {
        undecided = true;
        note(format_args!("{}: undecided: {}", alert.alert, alert.reason.as_deref().unwrap_or_default()));
    }
    if undecided && !allowed {
        note("--allow-undecided lets undecided alerts pass");
    }
    undecided && !allowed
}
