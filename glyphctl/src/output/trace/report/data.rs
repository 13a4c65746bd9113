//! What the script reads: figures that the page does not have as text. Names are not here: it takes them from the page.

use glyph_analysis::trace::report::{Flame, Histogram, Report, histogram::PER_POWER};
use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::label::label;

/// All of it.
#[derive(Debug, Serialize)]
struct Data {
    /// How many buckets of a histogram make a power of two of nanoseconds.
    per_power: usize,
    /// By row of the summary: its first bucket, and the counts from there to its last.
    spreads: Vec<(usize, Vec<u64>)>,
    frames: Frames,
}

/// By frame of the flame graph. Times are in nanoseconds.
#[derive(Debug, Default, Serialize)]
struct Frames {
    /// The frame above; -1 for none.
    above: Vec<i64>,
    time: Vec<u64>,
    critical: Vec<u64>,
    own_time: Vec<u64>,
    own_critical: Vec<u64>,
    total: Vec<u64>,
    count: Vec<u64>,
    errors: Vec<u64>,
    /// The position among the services; -1 for frames of many.
    service: Vec<i64>,
    services: Vec<String>,
}

/// The element that holds it.
pub(super) fn data(report: &Report) -> Markup {
    let data = Data {
        per_power: PER_POWER,
        spreads: report.spreads.iter().map(spread).collect(),
        frames: frames(&report.flame, &report.summary.services),
    };
    // Numbers and texts always serialise. Nothing in the text may end the element.
    let text = serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c");
    html! { script #data type="application/json" { (PreEscaped(text)) } }
}

fn spread(histogram: &Histogram) -> (usize, Vec<u64>) {
    match histogram.range() {
        Some(range) => (*range.start(), histogram.counts()[range].to_vec()),
        None => (0, Vec::new()),
    }
}

fn frames(flame: &Flame, services: &[String]) -> Frames {
    use glyph_analysis::trace::report::flame::Kind;
    let position = |at: Option<usize>| at.map_or(-1, |at| at as i64);
    let mut frames =
        Frames { services: services.iter().map(|name| label(name)).collect(), ..Frames::default() };
    for frame in &flame.frames {
        frames.above.push(position(frame.above));
        frames.time.push(frame.all.time_ns);
        frames.critical.push(frame.all.critical_ns);
        frames.own_time.push(frame.own.time_ns);
        frames.own_critical.push(frame.own.critical_ns);
        frames.total.push(frame.total_ns);
        frames.count.push(frame.count);
        frames.errors.push(frame.errors);
        frames.service.push(position(match &frame.kind {
            Kind::Spans { service, .. } => services.binary_search(service).ok(),
            Kind::Others(_) => None,
        }));
    }
    frames
}
