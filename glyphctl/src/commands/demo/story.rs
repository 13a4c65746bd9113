//! What came of it, from the recording alone: the summary, one slow request from the client to the plugin with its
//! finding and audit entries, what lies where, and what to type next.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use console::style;
use glyph_analysis::{
    text::{counted, duration, visible},
    trace::{
        Keep, chrome,
        waterfall::{self, Waterfall},
    },
};
use glyph_formats::{
    AuditEntry, Finding, Flow, TraceId,
    atomic::AtomicFile,
    jsonl,
    recording::{AUDIT, FINDINGS, FLOWS},
};
use serde::de::DeserializeOwned;

use super::Recorded;
use crate::{
    commands::trace::input,
    output::{self, Format, summary, waterfall as picture},
};

/// The recording's folder in the demo's.
pub(super) const RECORDING: &str = "recording";
const CHROME: &str = "trace.json";

/// A slow request, and all that belongs to it.
struct Hero {
    flow: Flow,
    findings: Vec<Finding>,
    audit: Vec<AuditEntry>,
}

/// Tells it on standard output. Returns the Chrome trace's path.
pub(super) fn tell(recorded: &Recorded) -> anyhow::Result<PathBuf> {
    let recording = recorded.dir.join(RECORDING);
    let hero = Hero::find(&recording)?;
    let traces = input::traces(&input::sources(std::slice::from_ref(&recording))?, Keep::EVERYTHING)?;
    let table = traces.summarize()?;
    let path = traces.critical_path();
    let chosen = waterfall::choose(
        &traces,
        waterfall::Choice { id: Some(hero.flow.trace_id), errors: false, most: 1 },
    );
    let trace = *chosen.first().context("the slow request's trace is not in the recording")?;
    let target = recorded.dir.join(CHROME);
    let mut file = AtomicFile::create(&target).with_context(|| target.display().to_string())?;
    chrome::write(&traces, chrome::Args::Full, &mut file)?;
    file.commit()?;

    output::to_stdout(|out| {
        headline(recorded, out)?;
        heading("Where the time went", out)?;
        summary::write(&table, Format::Table, out)?;
        heading("One slow request, from the client to the plugin", out)?;
        hero.request(out)?;
        let options = waterfall::Options { width: output::width(), attributes: false, events: false };
        picture::write(&Waterfall::of(&traces, trace, &path), options, out)?;
        hero.consequences(out)?;
        heading("What lies where", out)?;
        files(&recorded.dir, out)?;
        heading("What to type next", out)?;
        next(&recording, hero.flow.trace_id, out)
    })?;
    Ok(target)
}

impl Hero {
    /// The slowest exchange that a finding is about.
    fn find(recording: &Path) -> anyhow::Result<Self> {
        let findings: Vec<Finding> = all(&recording.join(FINDINGS))?;
        let flows: Vec<Flow> = all(&recording.join(FLOWS))?;
        let took = |flow: &Flow| flow.end_time_unix_nano.since(flow.start_time_unix_nano);
        let flow = flows
            .into_iter()
            .filter(|flow| findings.iter().any(|finding| finding.flow_id == flow.id))
            .max_by_key(took)
            .context("the plugin found nothing: the recording has no finding")?;
        let audit: Vec<AuditEntry> = all(&recording.join(AUDIT))?;
        Ok(Self {
            findings: findings.into_iter().filter(|f| f.trace_id == flow.trace_id).collect(),
            audit: audit.into_iter().filter(|a| a.trace_id == Some(flow.trace_id)).collect(),
            flow,
        })
    }

    fn request(&self, out: &mut dyn Write) -> io::Result<()> {
        let flow = &self.flow;
        let took = duration(flow.end_time_unix_nano.since(flow.start_time_unix_nano));
        let status = flow.response.as_ref().map_or("no answer".to_owned(), |r| r.status.to_string());
        writeln!(
            out,
            "{} {}  →  {status} in {took}",
            visible(&flow.request.method),
            visible(&flow.request.url)
        )?;
        writeln!(out)
    }

    fn consequences(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\nWhat the plugin found in it")?;
        for finding in &self.findings {
            let (severity, kind) = (finding.severity.as_str(), visible(&finding.kind));
            writeln!(out, "  {severity:<5} {kind}: {}", visible(&finding.message))?;
        }
        writeln!(out, "\nWhat the audit has on it")?;
        for entry in &self.audit {
            let decision = format!("{:?}", entry.decision).to_lowercase();
            let plugin = entry.plugin.as_deref().unwrap_or("-");
            let reason = entry.reason.as_deref().unwrap_or("-");
            let about = entry.metadata.get("type").map(ToString::to_string).unwrap_or_default();
            writeln!(
                out,
                "  {decision:<5} {} by {} ({}): {}",
                visible(&entry.event),
                visible(plugin),
                visible(reason),
                visible(&about),
            )?;
        }
        Ok(())
    }
}

fn all<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    Ok(jsonl::records(path)?.collect::<Result<_, _>>()?)
}

fn heading(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}\n", style(text).bold().underlined())
}

fn headline(recorded: &Recorded, out: &mut dyn Write) -> io::Result<()> {
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
    )
}

fn files(dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", dir.display())?;
    for (name, what) in [
        ("recording/flows.jsonl", "every exchange, secrets in headers and URLs replaced"),
        ("recording/traces.jsonl", "every span"),
        ("recording/findings.jsonl", "what the plugin found"),
        ("recording/audit.jsonl", "who was allowed what"),
        ("recording/metrics.om", "the daemon's metrics, with exemplars"),
        ("recording/recording.json", "what the directory is"),
        (CHROME, "the spans for a viewer"),
    ] {
        let size = File::open(dir.join(name)).and_then(|f| f.metadata()).map_or(0, |m| m.len());
        writeln!(out, "  {name:<26} {:>9}  {what}", format!("{} KB", size.div_ceil(1_000)))?;
    }
    writeln!(out, "\nAll of it shares trace ids: grep one, and find the exchange in every file.")
}

fn next(recording: &Path, trace: TraceId, out: &mut dyn Write) -> io::Result<()> {
    let program = std::env::args().next().unwrap_or_else(|| "glyphctl".to_owned());
    let recording = recording.display();
    writeln!(out, "  {program} trace show {recording} {trace} --attributes")?;
    writeln!(out, "  {program} trace show {recording} --errors --slowest 3")?;
    writeln!(out, "  {program} trace summarize {recording} --sort critical --format json")?;
    writeln!(out, "  open {CHROME} in https://ui.perfetto.dev or https://speedscope.app (or: demo --open)")
}
