//! The shipped alert rules over the demo's metrics, and the one that fires.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, bail};
use glyph_analysis::{
    metrics,
    rules::{self, Alert, Options, Outcome, Scale, State},
    text::{duration, duration_of_seconds, visible},
    trace::waterfall::Waterfall,
};
use glyph_formats::{SpanId, TraceId, jsonl::input::Progress};

/// The rules as they are shipped.
const RULES: &str = include_str!("../../../../../alerts/alerts.yaml");
/// Where they lie in the demo's folder.
pub(super) const FILE: &str = "alerts.yaml";
/// A quarter of a second stands for a minute.
pub(super) const SCALE: &str = "1/240";
/// What is set in the place of five seconds.
pub(super) const THRESHOLD: (&str, f64) = ("glyph:threshold:plugin_latency_p95_seconds", 0.2);

/// What the rules say.
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    warnings: Vec<String>,
}

/// The alert that fired, and the observation that leads on from it.
pub(super) struct Cause<'v> {
    pub(super) alert: &'v Alert,
    pub(super) trace: TraceId,
    span: SpanId,
    seconds: f64,
    /// When the recording began.
    from: f64,
}

impl Verdict {
    /// Puts the rules beside the recording, and evaluates them over it.
    pub(super) fn of(recording: &Path, folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        fs::write(&path, RULES).with_context(|| path.display().to_string())?;
        let Ok(mut file) = rules::load(&path) else { bail!("the shipped rules can't be used") };
        file.rescale(SCALE.parse::<Scale>().map_err(anyhow::Error::msg)?);
        file.set(THRESHOLD.0, THRESHOLD.1);
        let mut reading = metrics::read(&metrics::files_of(recording)?, &Progress::default())?;
        let check = rules::check(&[file], &mut reading.store, Options::default());
        if let Some(problem) = check.problems.first() {
            bail!("{problem}");
        }
        Ok(Self { outcome: check.outcome, warnings: check.warnings })
    }

    /// The alert that fired, with the greatest of its exemplars.
    pub(super) fn cause(&self) -> anyhow::Result<Cause<'_>> {
        let alert = self.outcome.alerts.iter().find(|alert| alert.state == State::Firing);
        let alert = alert.with_context(|| {
            format!("no alert fired, though a plugin was slow {}", self.warnings.join(", "))
        })?;
        let exemplar = alert.exemplars.first().context("the alert has no exemplar")?;
        let (Some(trace), Some(span)) = (&exemplar.trace_id, &exemplar.span_id) else {
            bail!("the alert's exemplar names no span");
        };
        let (trace, span) = (trace.parse(), span.parse());
        let (trace, span) = (trace.context("the exemplar's trace")?, span.context("the exemplar's span")?);
        Ok(Cause { alert, trace, span, seconds: exemplar.value, from: self.outcome.from })
    }
}

impl Cause<'_> {
    /// The alert, and its exemplar.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Alert { alert, labels, intervals, .. } = self.alert;
        let since = |time: f64| duration_of_seconds(time - self.from);
        let plugin = labels.get("plugin").map_or("-", String::as_str);
        let mut course: Vec<_> =
            intervals.iter().map(|i| format!("{:?} at {}", i.state, since(i.start)).to_lowercase()).collect();
        course.extend(intervals.last().map(|last| format!("over at {}", since(last.end))));
        writeln!(out, "  the alert       {alert} on {}: {}", visible(plugin), course.join(", "))?;
        let took = duration_of_seconds(self.seconds);
        writeln!(out, "  its exemplar    an event that took {took}, in trace {}", self.trace)
    }

    /// The span that the exemplar names.
    pub(super) fn span(&self, trace: &Waterfall, out: &mut dyn Write) -> io::Result<()> {
        let Some(row) = trace.rows.iter().find(|row| row.span_id == self.span.get()) else { return Ok(()) };
        let plugin = row.attributes.get("glyph.plugin.id").map(ToString::to_string).unwrap_or_default();
        let (name, plugin, took) = (visible(&row.name), visible(&plugin), duration(row.duration_ns));
        writeln!(out, "  its slow span   {name}: the plugin {plugin} had the flow for {took}")
    }
}
