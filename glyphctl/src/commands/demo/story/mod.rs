//! What came of it, from the recording alone: the summary; the alert that fires, and from it to an exemplar, its
//! trace, the plugin's slow span and the audit; the recording as one file; what lies where, and what to type next.

mod alert;
mod pivot;
mod fetches;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use console::style;
use glyph_analysis::{
    pivot::explain::Explained,
    rules::Limits,
    text::{counted, duration},
    trace::{
        Choice, Keep, chrome,
        waterfall::{self, Waterfall},
    },
};
use glyph_formats::{TraceId, artifact::Contents, atomic::AtomicFile};
use glyphd::telemetry::Telemetry;
use indicatif::HumanBytes;

use self::{alert::Verdict, fetches::Fetches, pivot::Pivot};
use super::{Recorded, plugin::REPORT_READER};
use crate::{
    commands::{replay, trace::input},
    output::{
        self, Format, alerts,
        summary::{self, Column, View},
        trace::{self, Shown, waterfall as picture},
    },
};

/// The recording's folder in the demo's.
pub(super) const RECORDING: &str = "recording";
const ARTIFACT: &str = "recording.glyph.tar.zst";
const CHROME: &str = "trace.json";
const PAGE: &str = "cause.html";

/// Tells it on standard output. Returns the Chrome trace's path.
pub(super) fn tell(recorded: &Recorded) -> anyhow::Result<PathBuf> {
    let recording = recorded.dir.join(RECORDING);
    let traces = input::traces(&input::sources(std::slice::from_ref(&recording))?, Keep::EVERYTHING)?;
    let table = traces.summarize();
    let target = recorded.dir.join(CHROME);
    let mut file = AtomicFile::create(&target).with_context(|| target.display().to_string())?;
    chrome::write(&traces, chrome::Args::Full, &mut file)?;
    file.commit()?;

    let verdict = Verdict::of(&recording, &recorded.dir)?;
    let cause = verdict.cause()?;
    let pivot = Pivot::of(&recording, cause.trace)?;
    let chosen = traces.choose(&Choice { ids: vec![cause.trace], ..Choice::default() });
    let number = *chosen.first().context("the exemplar's trace is not in the recording")?;
    let waterfall = Waterfall::of(&traces, number, &traces.critical_path());
    let shown = Shown {
        trace_id: cause.trace,
        waterfall: Some(waterfall.clone()),
        beside: Some(pivot.beside.clone()),
    };
    page(&recorded.dir, shown)?;
    let contents = pack(&recording, &recorded.dir.join(ARTIFACT))?;
    let found = pivot::findings_by_plugin(&recording)?;
    let fetches = Fetches::of(&recording, REPORT_READER)?;

    output::to_stdout(|out| {
        headline(recorded, &found, out)?;
        heading("Where the time went", out)?;
        let view = View { sorted_by: Column::Total, shares: false, terminal: output::terminal_width() };
        summary::write(&table, Format::Table, view, out)?;
        heading("What the alert rules say, a quarter of a second for a minute", out)?;
        let verdict_alone = Explained { outcome: &verdict.outcome, explanations: None };
        alerts::write(verdict_alone, &Limits::default(), alerts::AlertsFormat::Table, out)?;
        heading("From the alert to its cause", out)?;
        cause.write(out)?;
        pivot.exchange(out)?;
        let options = waterfall::Options { width: output::width(), attributes: false, events: false };
        picture::write(&waterfall, options, output::in_colour(), out)?;
        writeln!(out)?;
        cause.span(&waterfall, out)?;
        pivot.consequences(out)?;
        heading("What the plugin report-reader asked for itself, through the netgate", out)?;
        fetches.write(out)?;
        heading("What lies where", out)?;
        files(&recorded.dir, &contents, out)?;
        heading("What to type next", out)?;
        next(&recorded.dir, cause.trace, out)
    })?;
    Ok(target)
}

/// The trace of the cause as a page for a browser.
fn page(dir: &Path, shown: Shown) -> anyhow::Result<()> {
    let target = dir.join(PAGE);
    let mut file = AtomicFile::create(&target).with_context(|| target.display().to_string())?;
    trace::write_page(&[shown], &mut file)?;
    file.commit().with_context(|| target.display().to_string())
}

/// The recording as one file, which is then read again and compared.
fn pack(recording: &Path, artifact: &Path) -> anyhow::Result<Contents> {
    let digest = replay::pack(recording, artifact, &Telemetry::off())?.contents.digest;
    Ok(replay::load(artifact, None, Some(&digest), &Telemetry::off())?)
}

fn heading(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}\n", style(text).bold().underlined())
}

fn headline(recorded: &Recorded, found: &BTreeMap<String, u64>, out: &mut dyn Write) -> io::Result<()> {
    let total: usize = recorded.answers.values().sum();
    let mut answers = Vec::new();
    for (class, count) in &recorded.answers {
        answers.push(match class {
            0 => format!("{count} broke off"),
            _ => format!("{count} answered {class}xx"),
        });
    }
    answers.rotate_left(usize::from(recorded.answers.contains_key(&0)));
    let took = duration(u64::try_from(recorded.took.as_nanos()).unwrap_or(u64::MAX));
    writeln!(
        out,
        "{} through the proxy in {took}: {}.",
        counted(total as u64, "request"),
        answers.join(", ")
    )?;
    let summary = &recorded.summary;
    writeln!(
        out,
        "Recorded: {}, {}, {}; {} dropped.",
        counted(summary.flows, "flow"),
        counted(summary.spans, "span"),
        counted(summary.findings, "finding"),
        summary.flows_dropped + summary.spans_dropped,
    )?;
    let found: Vec<_> = found.iter().map(|(plugin, count)| format!("{count} of {plugin}")).collect();
    writeln!(out, "Findings: {}.", found.join(", "))
}

fn files(dir: &Path, contents: &Contents, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", dir.display())?;
    for (name, what) in [
        ("recording/flows.jsonl", "every exchange, secrets in headers and URLs replaced"),
        ("recording/traces.jsonl", "every span"),
        ("recording/findings.jsonl", "what the plugins found"),
        ("recording/audit.jsonl", "who was allowed what"),
        ("recording/metrics.om", "the daemon's metrics, with exemplars"),
        ("recording/recording.json", "what the directory is"),
        (ARTIFACT, "the recording as one file, read again and compared"),
        (CHROME, "the spans for a viewer"),
        (PAGE, "the trace behind the alert, for a browser"),
        (alert::FILE, "the shipped alert rules"),
    ] {
        let size = File::open(dir.join(name)).and_then(|f| f.metadata()).map_or(0, |m| m.len());
        writeln!(out, "  {name:<26} {:>9}  {what}", format!("{} KB", size.div_ceil(1_000)))?;
    }
    let (packed, digest) = (HumanBytes(contents.manifest.total_bytes()), &contents.digest);
    writeln!(out, "\n{packed} are packed; the digest over all of it is {digest}.")?;
    writeln!(out, "All of it shares trace ids: one leads to the exchange in every file.")
}

fn next(dir: &Path, trace: TraceId, out: &mut dyn Write) -> io::Result<()> {
    let program = std::env::args().next().unwrap_or_else(|| "glyphctl".to_owned());
    let (recording, artifact) = (dir.join(RECORDING), dir.join(ARTIFACT));
    let (recording, artifact) = (recording.display(), artifact.display());
    let (rules, scale, (threshold, seconds)) = (dir.join(alert::FILE), alert::SCALE, alert::THRESHOLD);
    writeln!(out, "  {program} trace show {recording} {trace} --attributes")?;
    writeln!(out, "  {program} trace show {recording} --errors --slowest 3")?;
    writeln!(out, "  {program} trace summarize {recording} --sort critical --format json")?;
    writeln!(
        out,
        "  {program} alerts check --rules {} --data {recording} --time-scale {scale} --set {threshold}={seconds} --explain",
        rules.display()
    )?;
    writeln!(out, "  {program} replay {artifact}")?;
    writeln!(out, "  open {CHROME} in https://ui.perfetto.dev or https://speedscope.app (or: demo --open)")
}
