//! What a recording knows of the times in which an alert fired, in lines that suit every format.

use glyph_analysis::{
    pivot::explain::{Course, Episode, Explanation, Failed, Step, Witness},
    rules::ExemplarFound,
    text::{counted, duration, duration_of_seconds, short, visible},
};
use glyph_formats::Decision;

use super::called;
use crate::output::{
    pointers::word,
    trace::beside::{audited, exchange, finding},
};

/// No more of any kind than these, in one trace.
const MOST: usize = 5;
/// No more times of an alert than these.
const EPISODES: usize = 5;

/// The lines for an alert; `from` is when the recording begins.
pub(super) fn lines(explanation: &Explanation, from: f64) -> Vec<String> {
    let called = called(&explanation.alert, &explanation.labels);
    let mut lines = Vec::new();
    for Episode { start, end, traces } in explanation.intervals.iter().take(EPISODES) {
        let (at, lasted) = (duration_of_seconds(start - from), duration_of_seconds(end - start));
        lines.push(format!("{} fired at {at} for {lasted}", visible(&called)));
        if traces.is_empty() {
            lines.push("  no exemplar has a trace, and no trace is there that ran at that time".to_owned());
        }
        traces.iter().for_each(|one| witness(one, from, &mut lines));
    }
    if explanation.intervals.len() > EPISODES {
        let more = (explanation.intervals.len() - EPISODES) as u64;
        lines.push(format!("… and {} more; --format json has all", counted(more, "time")));
    }
    lines
}

fn witness(witness: &Witness, from: f64, lines: &mut Vec<String>) {
    let course = match &witness.trace {
        Some(course) => {
            format!("{}, {}", counted(course.spans, "span"), duration(course.duration_ns))
        }
        None => match &witness.recording {
            Some(_) => "its spans were not recorded".to_owned(),
            None => "not in the recording".to_owned(),
        },
    };
    let id = witness.trace_id;
    lines.push(match &witness.exemplar {
        Some(exemplar) => format!("  {} in trace {id}  {course}", observed(exemplar, from)),
        None => format!("  at that time ran trace {id}  {course}"),
    });
    let mut line = |text: String| lines.push(format!("    {text}"));
    if let Some(span) = &witness.observed {
        let (took, at) = (duration(span.duration_ns), duration(span.offset_ns));
        line(format!("observed in {}, which took {took} from +{at} on", visible(&span.name)));
    }
    if let Some(course) = &witness.trace {
        line(format!("waited for  {}", waited_for(course)));
        course.failed.iter().take(MOST).for_each(|one| line(format!("failed      {}", failed(one))));
        more(course.failed.len(), "failed span", &mut line);
    }
    witness.flows.iter().take(MOST).for_each(|one| line(exchange(one)));
    more(witness.flows.len(), "flow", &mut line);
    // The worst first.
    let mut findings: Vec<_> = witness.findings.iter().collect();
    findings.sort_by_key(|one| std::cmp::Reverse(one.severity));
    findings.iter().take(MOST).for_each(|one| line(finding(one)));
    more(witness.findings.len(), "finding", &mut line);
    let mut audit: Vec<_> = witness.audit.iter().collect();
    audit.sort_by_key(|entry| entry.decision != Decision::Deny);
    audit.iter().take(MOST).for_each(|one| line(audited(one)));
    more(witness.audit.len(), "decision", &mut line);
    if let Some(recording) = &witness.recording {
        let recording = word(recording);
        line(format!("$ glyphctl trace show {recording} {id}"));
        if let Some(flow) = witness.flows.first() {
            line(format!("$ glyphctl flows show {recording} {}", flow.sequence));
        }
    }
}

fn more(count: usize, noun: &str, line: &mut impl FnMut(String)) {
    if count > MOST {
        line(format!("… and {}", counted((count - MOST) as u64, &format!("more {noun}"))));
    }
}

/// The observation, and which series remembers it.
fn observed(exemplar: &ExemplarFound, from: f64) -> String {
    let mut labels = exemplar.series.clone();
    let name = labels.remove("__name__").unwrap_or_default();
    // What every series of a recording has says nothing here.
    ["job", "instance", "le"].iter().for_each(|label| drop(labels.remove(*label)));
    let at = duration_of_seconds(exemplar.timestamp - from);
    let series = called(&name, &labels);
    format!("{} at {at}, seen by {},", short(exemplar.value), visible(&series))
}

/// The spans that the trace waited for, those with the greatest part first.
fn waited_for(course: &Course) -> String {
    let mut steps: Vec<&Step> = course.critical_path.iter().collect();
    steps.sort_by_key(|step| std::cmp::Reverse(step.own_ns));
    // What the path does not cover, nobody waited for.
    let whole = steps.iter().map(|step| step.own_ns).sum::<u64>().max(1) as f64;
    let part = |step: &&Step| {
        let share = step.own_ns as f64 / whole * 100.0;
        format!("{} {} ({share:.0} %)", visible(&step.name), duration(step.own_ns))
    };
    let parts: Vec<_> = steps.iter().take(MOST).map(part).collect();
    parts.join(", ")
}

fn failed(span: &Failed) -> String {
    let words = [span.error_type.as_deref(), span.message.as_deref()];
    let why: Vec<_> = words.into_iter().flatten().map(visible).collect();
    let name = visible(&span.name);
    if why.is_empty() { name.into_owned() } else { format!("{name}: {}", why.join(": ")) }
}
