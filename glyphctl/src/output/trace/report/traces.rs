//! The traces that are shown by themselves: each a waterfall that opens.

use glyph_analysis::{
    text::{counted, duration, visible},
    trace::report::{Excerpt, Line},
};
use glyph_formats::{Attributes, span::SpanStatus};
use maud::{Markup, html};

use super::{
    Chosen,
    label::{Palette, cut, label},
    overview::instant,
};
use crate::output::trace::share::{TICKS, percent, tick_text};

/// Deeper spans are set in no further.
const DEEPEST: usize = 14;
/// So many attributes are shown of a span, and of an event.
const MOST_ATTRIBUTES: usize = 32;
/// So many events of a span.
const MOST_EVENTS: usize = 16;
/// So many characters of an attribute's value.
const MOST_CHARACTERS: usize = 400;
/// So many characters of attributes are shown in all; what comes then has none.
const MOST_OF_ALL: usize = 1_500_000;
/// So many stretches of the critical path are drawn on one bar.
const MOST_STRETCHES: usize = 50;

/// What is left to be shown of attributes.
struct Room(usize);

/// The section.
pub(super) fn section(chosen: &Chosen, palette: &Palette, command: Option<&str>) -> Markup {
    let mut room = Room(MOST_OF_ALL);
    let longest = chosen.slowest.iter().chain(&chosen.failed).map(|one| one.duration_ns).max().unwrap_or(0);
    let mut group = |heading: &str, traces: &[Excerpt], opens: bool| {
        html! {
            @if !traces.is_empty() {
                h3 { (heading) }
                @for (at, one) in traces.iter().enumerate() {
                    (trace(one, longest, opens && at == 0, palette, command, &mut room))
                }
            }
        }
    };
    let failed = if chosen.slowest.is_empty() {
        "Failed, the slowest first"
    } else {
        "Others that failed, the slowest first"
    };
    html! {
        section #traces aria-labelledby="traces-title" {
            h2 #traces-title { "Traces" }
            p.about {
                "Bars are coloured by service. "
                span.key { i.bar.svc.s0 { i.waited style="left:0;width:100%" {} } } " the trace waited for it  "
                span.key { i.bar.svc.s0.beside {} } " it did not  "
                span.key { i.bar.svc.s0.failed {} } " failed"
            }
            (group("The slowest", &chosen.slowest, true))
            (group(failed, &chosen.failed, chosen.slowest.is_empty()))
        }
    }
}

fn trace(
    one: &Excerpt,
    longest: u64,
    is_open: bool,
    palette: &Palette,
    command: Option<&str>,
    room: &mut Room,
) -> Markup {
    let root = one.lines.first();
    let service = root.map_or("", |line| line.row.service.as_str());
    let left_out = one.spans - one.lines.len() as u64;
    html! {
        details.trace id=(format!("t-{}", one.trace_id)) open[is_open] {
            summary {
                span.what { (palette.dot(service)) span.name { (root.map_or("(no span)".to_owned(), |line| label(&line.row.name))) } small.service { (label(service)) } @if let Some(why) = why(one) { small.bad { (cut(why, 80)) } } }
                span.track { i.bar.(palette.class(service)) style={ "left:0;width:" (percent(one.duration_ns, longest)) } {} }
                span.time { (duration(one.duration_ns)) }
                span.spans { (counted(one.spans, "span")) @if one.failed > 0 { span.bad { " ✗ " (one.failed) } } }
            }
            div.inside {
                p.facts {
                    (copied("trace", &one.trace_id.to_string())) " from " (instant(one.start_unix_nano))
                    @if let Some(command) = command { br; (copied("", &format!("{command} {}", one.trace_id))) }
                }
                (axis(one.duration_ns))
                @for line in &one.lines { (span(one, line, palette, room)) }
                @if left_out > 0 {
                    p.about { (counted(left_out, "span")) " of " (one.spans) " left out: the others failed, or hold more of the critical path, or last longer." }
                }
            }
        }
    }
}

/// What the innermost span that failed says of it.
fn why(one: &Excerpt) -> Option<&str> {
    let failed = one.lines.iter().filter(|line| line.row.status == SpanStatus::Error);
    let with_message = failed.filter(|line| line.row.status_message.is_some());
    with_message.max_by_key(|line| line.row.depth)?.row.status_message.as_deref()
}

/// A text with a button that copies it.
fn copied(what: &str, text: &str) -> Markup {
    html! { (what) " " code { (visible(text)) } " " button.copy.needs-script type="button" { "copy" } }
}

fn axis(whole: u64) -> Markup {
    html! {
        div.axis aria-hidden="true" {
            span.what {}
            span.track { @for tick in 0..=TICKS { i style={ "left:" (percent(tick, TICKS)) } { (tick_text(whole, tick)) } } }
            span.time {}
        }
    }
}

fn span(one: &Excerpt, line: &Line, palette: &Palette, room: &mut Room) -> Markup {
    let (row, whole) = (&line.row, one.duration_ns);
    let failed = row.status == SpanStatus::Error;
    let indent = row.depth.min(DEEPEST);
    html! {
        details.span {
            summary {
                span.what style=(format!("--in:{indent}")) {
                    @if failed { span.bad { "✗ " } }
                    span.name { (label(&row.name)) } small.service { (palette.dot(&row.service)) (label(&row.service)) }
                    @if line.left_out > 0 { small.more title="spans below it that are left out" { "+" (line.left_out) } }
                }
                span.track {
                    i.bar.(palette.class(&row.service)) .beside[!row.critical] .failed[failed]
                        style={ "left:" (percent(row.offset_ns, whole)) ";width:" (percent(row.duration_ns, whole)) } {}
                    @for (at, ns) in joined(&line.critical) {
                        i.waited style={ "left:" (percent(at, whole)) ";width:" (percent(ns, whole)) } {}
                    }
                }
                span.time { (duration(row.duration_ns)) }
            }
            div.inside {
                @if let Some(message) = &row.status_message { p.bad { (cut(message, MOST_CHARACTERS)) } }
                p {
                    (format!("{:?}", row.kind).to_lowercase()) " span " code { (format!("{:016x}", row.span_id)) }
                    ", at +" (duration(row.offset_ns))
                    @if row.critical { ", of the critical path " (duration(row.critical_path_ns)) " by itself" }
                }
                (attributes(&row.attributes, room))
                @for event in row.events.iter().take(MOST_EVENTS) {
                    p { "+" (duration(event.time_unix_nano.0.saturating_sub(row.start_unix_nano))) " " strong { (label(&event.name)) } }
                    (attributes(&event.attributes, room))
                }
                @if row.events.len() > MOST_EVENTS { p.about { "… " (counted((row.events.len() - MOST_EVENTS) as u64, "more event")) } }
            }
        }
    }
}

/// The stretches, those too many joined to the last.
fn joined(stretches: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut drawn = stretches.to_vec();
    if let (Some((at, _)), Some((last, ns))) = (stretches.get(MOST_STRETCHES - 1), stretches.last()) {
        drawn.truncate(MOST_STRETCHES);
        drawn[MOST_STRETCHES - 1] = (*at, last + ns - at);
    }
    drawn
}

fn attributes(attributes: &Attributes, room: &mut Room) -> Markup {
    let shown: Vec<(String, String)> = attributes
        .0
        .iter()
        .take(MOST_ATTRIBUTES)
        .map(|(name, value)| (label(name), cut(&value.to_string(), MOST_CHARACTERS)))
        .collect();
    let needed: usize = shown.iter().map(|(name, value)| name.len() + value.len()).sum();
    let more = attributes.0.len() - shown.len();
    let fits = needed <= room.0;
    room.0 = room.0.saturating_sub(needed);
    html! {
        @if shown.is_empty() {} @else if fits {
            dl { @for (name, value) in &shown { dt { (name) } dd { (value) } } }
            @if more > 0 { p.about { "… " (counted(more as u64, "more attribute")) } }
        } @else {
            p.about { (counted(attributes.0.len() as u64, "attribute")) " left out, so that the report stays small" }
        }
    }
}
