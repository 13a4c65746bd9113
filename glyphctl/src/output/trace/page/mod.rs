//! Traces as one page for a browser: no scripts, nothing from elsewhere, so that it can be sent to anybody and kept.
//!
//! What can be opened is a `details` element: it works with the keyboard and without a line of JavaScript. The templates
//! escape everything that is put into them; characters that would not be seen are spelled out first.

mod spans;
mod exchange;

use std::io::{self, Write};

use glyph_analysis::{
    pivot::{Beside, explain::Exchange},
    text::{counted, duration, grouped, visible},
    trace::waterfall::Waterfall,
};
use glyph_formats::{AuditEntry, Finding, UnixNanos, span::SpanStatus};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Shown, beside};

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded, nothing runs, nothing is sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes the page.
pub(crate) fn write(traces: &[Shown], out: &mut dyn Write) -> io::Result<()> {
    let title = match traces {
        [one] => format!("{} · trace {}", headline(one), one.trace_id),
        _ => counted(traces.len() as u64, "trace"),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    @for one in traces { (trace(one)) }
                    @if traces.is_empty() { p { "No such trace." } }
                }
                footer { "Made by glyphctl trace show." }
            }
        }
    };
    writeln!(out, "{}", page.into_string())
}

/// What the trace is about: its exchange, else its first span.
fn headline(shown: &Shown) -> String {
    if let Some(flow) = shown.beside.as_ref().and_then(|beside| beside.flows.first()) {
        return beside::title(&Exchange::of(flow));
    }
    let root = shown.waterfall.as_ref().and_then(|waterfall| waterfall.rows.first());
    root.map_or_else(|| "a trace without spans".to_owned(), |row| visible(&row.name).into_owned())
}

fn trace(shown: &Shown) -> Markup {
    html! {
        article {
            header {
                h1 { (headline(shown)) }
                (facts(shown))
            }
            @if let Some(waterfall) = &shown.waterfall {
                (spans::section(waterfall))
            }
            @if let Some(Beside { flows, findings, audit }) = &shown.beside {
                @if !flows.is_empty() {
                    section {
                        h2 { (counted(flows.len() as u64, "exchange")) }
                        @for flow in flows { (exchange::details(flow)) }
                    }
                }
                (found(findings))
                (decided(audit, start(shown)))
            }
        }
    }
}

fn facts(shown: &Shown) -> Markup {
    let failed = |waterfall: &Waterfall| {
        waterfall.rows.iter().filter(|row| row.status == SpanStatus::Error).count() as u64
    };
    html! {
        ul.facts {
            li { "trace " code { (shown.trace_id) } }
            @match &shown.waterfall {
                Some(waterfall) => {
                    li { (UnixNanos(waterfall.start_unix_nano)) }
                    li { strong { (duration(waterfall.duration_ns)) } }
                    li { (counted(waterfall.rows.len() as u64, "span")) }
                    @if failed(waterfall) > 0 {
                        li.failed { (counted(failed(waterfall), "span")) " failed" }
                    }
                }
                None => { li { "its spans were not recorded" } }
            }
        }
    }
}

/// When the trace begins, as far as that is known.
fn start(shown: &Shown) -> Option<UnixNanos> {
    let flow = shown.beside.as_ref().and_then(|beside| beside.flows.first());
    let spans = shown.waterfall.as_ref().map(|waterfall| UnixNanos(waterfall.start_unix_nano));
    spans.or_else(|| flow.map(|flow| flow.start_time_unix_nano))
}

fn found(findings: &[Finding]) -> Markup {
    let with_evidence = findings.iter().any(|one| one.evidence.is_some());
    html! {
        @if !findings.is_empty() {
            section {
                h2 { (counted(findings.len() as u64, "finding")) }
                table {
                    thead { tr { th { "severity" } th { "plugin" } th { "type" } th { "claim" } @if with_evidence { th { "evidence" } } } }
                    tbody {
                        @for one in findings {
                            tr {
                                td { span class={ "mark " (one.severity.as_str()) } { (one.severity.as_str()) } }
                                td { (visible(&one.plugin)) }
                                td { (visible(&one.kind)) }
                                td { (visible(&one.message)) }
                                @if with_evidence { td { (visible(one.evidence.as_deref().unwrap_or_default())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn decided(audit: &[AuditEntry], start: Option<UnixNanos>) -> Markup {
    let heading = match audit.len() {
        1 => "1 audit entry".to_owned(),
        entries => format!("{} audit entries", grouped(entries as u64)),
    };
    let after = |entry: &AuditEntry| {
        let ns = entry.time_unix_nano.0.checked_sub(start?.0)?;
        Some(format!("+{}", duration(ns)))
    };
    html! {
        @if !audit.is_empty() {
            section {
                h2 { (heading) }
                table {
                    thead { tr { th { "when" } th { "decision" } th { "event" } th { "plugin" } th { "why, and of what" } } }
                    tbody {
                        @for entry in audit {
                            tr {
                                td.number { (after(entry).unwrap_or_else(|| entry.time_unix_nano.to_string())) }
                                td { span class={ "mark " (beside::decision(entry)) } { (beside::decision(entry)) } }
                                td { (visible(&entry.event)) }
                                td { (visible(entry.plugin.as_deref().unwrap_or_default())) }
                                td { (beside::about(entry)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
