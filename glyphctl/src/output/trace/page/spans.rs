//! The waterfall of the page: a row for each span, with what is known of it folded away.

use glyph_analysis::{
    text::{counted, duration, visible},
    trace::waterfall::{Row, Waterfall},
};
use glyph_formats::{Attributes, span::SpanStatus};
use maud::{Markup, html};

use crate::output::trace::share::{TICKS, percent, tick_text};

/// Deeper spans are set in no further.
const DEEPEST: usize = 16;

/// The section.
pub(super) fn section(waterfall: &Waterfall) -> Markup {
    html! {
        section.spans {
            h2 { (counted(waterfall.rows.len() as u64, "span")) }
            p.legend {
                span.key { i.bar.critical {} "the trace waited for it" }
                span.key { i.bar {} "it did not" }
                span.key { i.bar.failed {} "failed" }
            }
            div.axis aria-hidden="true" {
                span.name {}
                span.track {
                    @for tick in 0..=TICKS {
                        i style={ "left:" (percent(tick, TICKS)) } { (tick_text(waterfall.duration_ns, tick)) }
                    }
                }
                span.time {}
            }
            @for row in &waterfall.rows { (span(waterfall, row)) }
        }
    }
}

fn span(waterfall: &Waterfall, row: &Row) -> Markup {
    let failed = row.status == SpanStatus::Error;
    let (left, width) =
        (percent(row.offset_ns, waterfall.duration_ns), percent(row.duration_ns, waterfall.duration_ns));
    let indent = row.depth.min(DEEPEST);
    html! {
        details {
            summary {
                span.name style={ "padding-left:" (indent) "em" } {
                    @if failed { span.failed { "✗ " } }
                    (visible(&row.name)) " " small { (visible(&row.service)) }
                }
                span.track {
                    i.bar.critical[row.critical].failed[failed] style={ "left:" (left) ";width:" (width) } {}
                }
                span.time { (duration(row.duration_ns)) }
            }
            div.more style={ "margin-left:" (indent) "em" } {
                @if let Some(message) = &row.status_message { p.failed { (visible(message)) } }
                p {
                    (format!("{:?}", row.kind).to_lowercase()) " span " code { (format!("{:016x}", row.span_id)) }
                    ", at +" (duration(row.offset_ns))
                    @if row.critical { ", of the critical path " (duration(row.critical_path_ns)) " by itself" }
                }
                (attributes(&row.attributes))
                @for event in &row.events {
                    p { "+" (duration(event.time_unix_nano.0.saturating_sub(row.start_unix_nano))) " " strong { (visible(&event.name)) } }
                    (attributes(&event.attributes))
                }
            }
        }
    }
}

fn attributes(attributes: &Attributes) -> Markup {
    html! {
        @if !attributes.is_empty() {
            dl {
                @for (name, value) in &attributes.0 {
                    dt { (visible(name)) } dd { (visible(&value.to_string())) }
                }
            }
        }
    }
}
