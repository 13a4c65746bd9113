//! The flame graph: a frame for each path, as wide as its part of the time, below the one that caused it.

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::report::{Flame, Frame, flame::Kind},
};
use maud::{Markup, html};

use super::label::{Palette, label};
use crate::output::trace::share::share;

/// The section. Without scripts it shows the time; with them, also what the traces waited for, and any part of it.
pub(super) fn section(flame: &Flame, palette: &Palette) -> Markup {
    let whole = flame.cost();
    let levels = flame.frames.iter().map(|frame| frame.level + 1).max().unwrap_or(0);
    let places = places(flame);
    html! {
        section #flame aria-labelledby="flame-title" {
            h2 #flame-title { "Flame graph" }
            p.about {
                (counted(flame.paths, "path")) " from a root span down, as wide as their part of "
                strong { (duration(whole.time_ns)) } " of self time; what runs at the same time counts each. The line at the foot of a \
                frame is its part of the " strong { (duration(whole.critical_ns)) } " that traces waited for."
            }
            div.tools.needs-script {
                div.choice role="group" aria-label="What is as wide as it costs" {
                    button type="button" data-cost="time" aria-pressed="true" { "Self time" }
                    button type="button" data-cost="critical" aria-pressed="false" { "Critical path" }
                }
                nav #crumbs aria-label="Shown part of the flame graph" {}
            }
            div #frames role="tree" aria-label="Flame graph" style=(format!("--levels:{levels}")) {
                @for (at, (frame, (left, width))) in flame.frames.iter().zip(&places).enumerate() {
                    (self::frame(frame, at, *left, *width, palette))
                }
            }
            p #frame-told aria-live="polite" { span.needs-script { "Point at a frame, or move with the arrow keys; Enter shows what is below it in full width, Esc goes back." } }
            (palette.legend())
            @if flame.too_deep > 0 {
                p.about { (counted(flame.too_deep, "span")) " deeper than " (levels) " levels: their time is their ancestors' there." }
            }
        }
    }
}

fn frame(frame: &Frame, at: usize, left: f64, width: f64, palette: &Palette) -> Markup {
    let (class, text) = match &frame.kind {
        Kind::Spans { service, name } => (palette.class(service), label(name)),
        Kind::Others(paths) => ("others".to_owned(), format!("{} too small to show", grouped(*paths))),
    };
    let critical = share(frame.all.critical_ns, frame.all.time_ns);
    html! {
        button.frame.(class) type="button" role="treeitem" tabindex=(if at == 0 { "0" } else { "-1" })
            aria-level=(frame.level + 1)
            style=(format!("left:{:.3}%;width:{:.3}%;--level:{};--path:{:.0}%", left * 100.0, width * 100.0, frame.level, critical * 100.0)) {
            span { (text) }
        }
    }
}

/// Where each frame begins and how wide it is, as parts of the whole: beside its elder siblings, within what it is below.
fn places(flame: &Flame) -> Vec<(f64, f64)> {
    let whole = flame.cost().time_ns;
    let mut places: Vec<(f64, f64)> = Vec::with_capacity(flame.frames.len());
    // Up to where each frame is filled by those below it; the last is the whole.
    let mut filled = vec![0.0; flame.frames.len() + 1];
    for (at, frame) in flame.frames.iter().enumerate() {
        let above = frame.above.unwrap_or(flame.frames.len());
        let (left, width) = (filled[above], share(frame.all.time_ns, whole));
        filled[above] += width;
        filled[at] = left;
        places.push((left, width));
    }
    places
}
