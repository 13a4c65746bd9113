//! `glyphctl trace report`: one page about all traces, with what alert rules make of the recording's metrics.

mod alerts;
mod baseline;

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyph_analysis::{
    text::{grouped, visible},
    trace::{
        Keep, Sources, Traces,
        report::{Excerpt, Report, Shown},
    },
};
use glyph_formats::jsonl::input::is_stdin;

use super::{input, summarize::told, target::Target};
use crate::output::{
    self, note, pointers,
    trace::report::{Chosen, MOST_EDGES, Page, write},
};

/// So many spans of a trace are shown.
const MOST_SPANS: usize = 100;

/// Flags of `glyphctl trace report`.
#[derive(Debug, Args)]
#[command(after_help = "\
The report is one HTML file that loads nothing and sends nothing: the figures of every span name with how their \
durations are spread, a flame graph of the time and of what traces waited for, waterfalls of the slowest traces and of \
those that failed, and who calls whom. It is for light and dark, for paper, and for the keyboard (? lists the keys); what \
matters is there without scripts, too.

What is shown is bounded, so that the file stays small whatever is read: 200 rows, 1,500 frames, 100 spans of a trace, the \
beginning of long names and values. What is left out is counted.

With --baseline, the durations of every span name stand beside those of another side, with the ranges that glyphctl trace diff finds \
and its default rules; the report is the new side.

With --rules, alert rules are evaluated over the recording's metrics as glyphctl alerts check does it, and the report has the \
times in which alerts were pending and fired.

Examples:
  glyphctl trace report RECORDING -o report.html
  glyphctl trace report RECORDING -o report.html --rules alerts/alerts.yaml
  glyphctl trace report NEW -o report.html --baseline BASE
  glyphctl trace report traces.jsonl.zst -o report.html --slowest 20 --failed 5
  glyphctl trace report 'runs/*/traces.jsonl' -o report.html --title 'Checkout, 26 November'")]
pub(super) struct ReportArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// Where to write the report; - prints it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Show the N slowest traces
    #[arg(long, value_name = "N", default_value_t = 10)]
    slowest: usize,
    /// Show the N slowest of the others in which a span failed
    #[arg(long, value_name = "N", default_value_t = 10)]
    failed: usize,
    /// Also say when the alerts of these rule files were pending and fired, from the recordings' metrics
    #[arg(long, value_name = "FILE", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// Also say what has changed against this: a recording, an artifact, a span file, or a directory or pattern of several runs
    #[arg(long, value_name = "RECORDING")]
    baseline: Option<PathBuf>,
    /// What stands at the top [default: what was read]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

/// Runs it.
pub(super) fn run(flags: &ReportArgs) -> anyhow::Result<ExitCode> {
    let opened = input::open(&flags.inputs)?;
    let sources = input::sources(&opened)?;
    let target = if is_stdin(&flags.output) {
        None
    } else {
        let taken = [sources.files(), &flags.inputs].concat();
        let hint = "-o names the file for the report; its folder must exist";
        Some(Target::create(&flags.output, &taken, hint)?)
    };
    let alerts = if flags.rules.is_empty() { None } else { Some(alerts::check(&flags.rules, &opened)?) };
    let compared =
        flags.baseline.as_deref().map(|base| baseline::compare(base, &flags.inputs)).transpose()?;
    let (all, shown, chosen) = traces(flags, &sources)?;
    let (report, mut graph) = (Report::of(&all), all.graph());
    graph.keep_first(MOST_EDGES);
    told(&report.summary.oddities);
    let title = flags.title.clone().unwrap_or_else(|| titled(&flags.inputs));
    let title = visible(&title);
    let input = match flags.inputs.as_slice() {
        [one] if opened.len() == 1 && !is_stdin(one) => Some(pointers::word(&one.to_string_lossy())),
        _ => None,
    };
    let page = Page {
        title: &title,
        report: &report,
        chosen: &excerpts(&shown, &all, chosen.as_ref().unwrap_or(&all)),
        graph: &graph,
        baseline: compared.as_ref().map(|compared| (&compared.diff, compared.base.as_str())),
        alerts: alerts.as_ref(),
        input: input.as_deref(),
    };
    match target {
        None => output::to_stdout(|out| write(&page, out))?,
        Some(target) => {
            let path = target.path.display();
            let ((), bytes) = target.write(|file| write(&page, file))?;
            note(format!("{path}: {} kB, for any browser", grouped(bytes.div_ceil(1_000))));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All traces, those that are shown by themselves as positions among them, and these with everything that is known of their
/// spans; none if that is all of them.
fn traces(flags: &ReportArgs, sources: &Sources) -> anyhow::Result<(Traces, Shown, Option<Traces>)> {
    let mut shown = Shown::default();
    let choose = |traces: &Traces| {
        shown = Shown::of(traces, flags.slowest, flags.failed);
        Ok(Some(shown.all()))
    };
    // Who calls a service without spans says so in its attributes.
    let keep = Keep { attributes: true, ..Keep::NOTHING };
    let (all, chosen) = input::chosen(sources, keep, Keep::EVERYTHING, true, choose)?;
    Ok((all, shown, chosen))
}

/// The traces that are shown, each cut to what can be looked at.
fn excerpts(shown: &Shown, all: &Traces, of: &Traces) -> Chosen {
    let path = of.critical_path();
    let excerpt = |t: &usize| {
        let id = all.spans.trace_ids()[*t];
        let t = of.spans.trace_ids().iter().position(|other| *other == id)?;
        Some(Excerpt::of(of, t, &path, MOST_SPANS))
    };
    Chosen {
        slowest: shown.slowest.iter().filter_map(excerpt).collect(),
        failed: shown.failed.iter().filter_map(excerpt).collect(),
    }
}

/// What was read, for a title: the last parts of the paths.
fn titled(inputs: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        if is_stdin(path) {
            "standard input".to_owned()
        } else {
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
        }
    };
    match inputs {
        [one] => format!("Traces of {}", name(one)),
        [first, others @ ..] => format!("Traces of {} and {} more", name(first), others.len()),
        [] => "Traces".to_owned(),
    }
}
