//! The report: one page about all traces, to be sent to a colleague and kept.
//!
//! In: what is to be shown, computed. Out: HTML that needs nothing else: its style, its script and what the script reads are
//! in it, and its policy lets nothing else in. What matters is said without the script, which sorts, filters, zooms.
//! The templates escape everything that is put into them; characters that would not be seen are spelled out first.

mod label;
mod scale;
mod overview;
mod comparison;
mod table;
mod flame;
mod traces;
mod services;
mod alerts;
mod data;
mod head;

use std::io::{self, Write};

use glyph_analysis::{
    rules::Outcome,
    trace::{
        diff::Diff,
        graph::ServiceGraph,
        report::{Excerpt, Report},
    },
};
use glyph_formats::TraceId;
use maud::{DOCTYPE, Markup, html};

pub(crate) use self::services::MOST_EDGES;
use self::{alerts::Known, label::Palette};

/// What the page shows.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// What it is about.
    pub(crate) title: &'a str,
    pub(crate) report: &'a Report,
    pub(crate) chosen: &'a Chosen,
    pub(crate) graph: &'a ServiceGraph,
    /// The comparison with another side, and what that is called.
    pub(crate) baseline: Option<(&'a Diff, &'a str)>,
    /// What came of alert rules, if there are some.
    pub(crate) alerts: Option<&'a Outcome>,
    /// What the files were called, as one word of a shell's command, if it is one file or recording.
    pub(crate) input: Option<&'a str>,
}

/// The traces that are shown by themselves.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// The slowest of all.
    pub(crate) slowest: Vec<Excerpt>,
    /// Others that failed.
    pub(crate) failed: Vec<Excerpt>,
}

impl Chosen {
    fn has(&self, id: TraceId) -> bool {
        self.slowest.iter().chain(&self.failed).any(|one| one.trace_id == id)
    }
}

/// A part of the page: its id, what it is called in the navigation, and what is in it.
type Section = (&'static str, &'static str, Markup);

/// Writes the page.
pub(crate) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Page { report, chosen, graph, .. } = page;
    let palette = Palette::of(report.summary.services.iter().map(String::as_str));
    let show = page.input.map(|input| format!("glyphctl trace show {input}"));
    let mut sections: Vec<Section> = vec![("overview", "Overview", overview::section(page.title, report))];
    if let Some((diff, base)) = page.baseline {
        sections.push(("comparison", "Comparison", comparison::section(diff, base, &palette)));
    }
    if report.summary.spans > 0 {
        sections.extend([
            ("summary", "Summary", table::section(report, &palette)),
            ("flame", "Flame graph", flame::section(&report.flame, &palette)),
            ("traces", "Traces", traces::section(chosen, &palette, show.as_deref())),
        ]);
        if !graph.edges.is_empty() {
            sections.push(("services", "Services", services::section(graph, &palette)));
        }
    }
    if let Some(outcome) = page.alerts {
        let known = Known { has: &|id| chosen.has(id), show: show.as_deref() };
        sections.push(("alerts", "Alerts", alerts::section(outcome, &known)));
    }
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            (head::head(page.title))
            body {
                (head::bar(&sections))
                main { @for (_, _, section) in &sections { (section) } }
                (foot(report))
                (head::keys())
                (data::data(report))
                (head::script())
            }
        }
    };
    writeln!(out, "{}", markup.into_string())
}

/// How the figures are meant, and what is odd about the files.
fn foot(report: &Report) -> Markup {
    let oddities = &report.summary.oddities;
    html! {
        footer {
            @if !oddities.is_empty() {
                p { "Odd about the files: " @for (at, (kind, count)) in oddities.iter().enumerate() { @if at > 0 { "; " } (kind.describe(count)) } "." }
            }
            p {
                "Percentiles are nearest-rank: durations that really occurred. Self time is a span's duration without the union of \
                its children's. The critical path is what a trace waited for: from its end backwards, always the child that \
                finished last."
            }
            p { "Made by glyphctl " (env!("CARGO_PKG_VERSION")) " trace report. This page loads nothing and sends nothing." }
        }
    }
}
