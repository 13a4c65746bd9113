//! The comparison with a baseline: of each span name how p50, p95 and p99 have changed, and how sure that is.

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::diff::{Diff, DiffRow, Figure, Figures, Interval, Verdict},
};
use maud::{Markup, html};

use super::label::{Palette, label};
use crate::output::trace::diff::told;

/// So many rows are shown.
const MOST_ROWS: usize = 100;
/// The figures that are drawn.
const DRAWN: [Figure; 3] = [Figure::P50, Figure::P95, Figure::P99];
/// The scale goes from a quarter to four times, by its logarithm; what is beyond stands at its end.
const WIDEST: f64 = 4.0;

/// The section. `base` is what was compared with.
pub(super) fn section(diff: &Diff, base: &str, palette: &Palette) -> Markup {
    html! {
        section #comparison aria-labelledby="comparison-title" {
            h2 #comparison-title { "Compared with " (label(base)) }
            p.lede.bad[diff.failed] { (told::verdict(diff)) }
            p.about {
                (told::extents(diff)) ". A dot is the change that was seen, the line the range within which it lies with a confidence of "
                (format!("{:.0} %", diff.confidence * 100.0)) " for all rows together; what is right of the middle got slower. Rules: "
                @for (at, rule) in diff.rules.iter().enumerate() { @if at > 0 { ", " } code { (rule.to_string()) } }
                "."
            }
            div.wide {
                table.plain.forest {
                    thead { tr {
                        th scope="col" { "Service and span" } th scope="col" { "Verdict" }
                        th.figure scope="col" { "Count" } th.figure scope="col" { "Failed" }
                        @for figure in DRAWN { th scope="col" { (figure.to_string()) (scale()) } }
                    } }
                    tbody { @for row in diff.rows.iter().take(MOST_ROWS) { (self::row(row, palette)) } }
                }
            }
            @if diff.rows.len() > MOST_ROWS {
                p.about { (counted((diff.rows.len() - MOST_ROWS) as u64, "more row")) ": glyphctl trace diff has them." }
            }
            @for note in &diff.notes { p.about { (note.to_string()) } }
        }
    }
}

/// What the marks of the scale say.
fn scale() -> Markup {
    html! { span.marks aria-hidden="true" { i { "÷4" } i { "÷2" } i { "=" } i { "×2" } i { "×4" } } }
}

fn row(row: &DiffRow, palette: &Palette) -> Markup {
    let both = |value: &dyn Fn(&Figures) -> String| {
        let side = |figures: &Option<Figures>| figures.as_ref().map_or("–".to_owned(), value);
        html! { td.figure { (side(&row.new)) small { "was " (side(&row.base)) } } }
    };
    html! {
        tr {
            th scope="row" {
                span.name { (label(&row.name)) }
                small { (palette.dot(&row.service)) span.service { (label(&row.service)) } }
            }
            td { span.verdict.(class(row.verdict)) { (told::word_of(row.verdict)) } }
            (both(&|figures| grouped(figures.count)))
            (both(&|figures| format!("{:.1} %", 100.0 * figures.errors as f64 / figures.count.max(1) as f64)))
            @for figure in DRAWN { (change(row, figure)) }
        }
        @if !row.broken.is_empty() {
            tr.why {
                td colspan="7" {
                    @for (at, broken) in row.broken.iter().enumerate() {
                        @if at > 0 { " · " }
                        "breaks " code { (broken.rule.to_string()) }
                        @if let Some(trace) = broken.traces.first() { small { " as in trace " code { (trace) } } }
                    }
                }
            }
        }
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Worse => "worse",
        Verdict::Better => "better",
        Verdict::New | Verdict::Gone => "other",
        Verdict::Same | Verdict::NotEnough => "quiet",
    }
}

/// A figure on both sides, with its change as a dot on a line.
fn change(row: &DiffRow, figure: Figure) -> Markup {
    let sides = row.base.as_ref().zip(row.new.as_ref());
    let value = |figures: &Figures| {
        let ns = figures.value(figure, 1).unwrap_or(0.0);
        duration(ns.round() as u64)
    };
    let Some((interval, (base, new))) = row.ratio.get(&figure).zip(sides) else {
        return html! { td { "–" } };
    };
    html! {
        td {
            span.values { (value(base)) " → " (value(new)) }
            (line(interval))
            small { (told::change(figure, interval)) " " (told::range(figure, interval)) }
        }
    }
}

fn line(interval: &Interval) -> Markup {
    let Interval { value, low, high } = *interval;
    // Beyond noise on one side of the middle, or not.
    let class = match (low, high) {
        (Some(low), _) if low > 1.0 => "slower",
        (_, Some(high)) if high < 1.0 => "faster",
        _ => "same",
    };
    html! {
        span.interval.(class) aria-hidden="true" {
            @if let (Some(low), Some(high)) = (low, high) {
                i.range style=(format!("left:{:.2}%;width:{:.2}%", place(low), place(high) - place(low))) {}
            }
            i.value style=(format!("left:{:.2}%", place(value))) {}
        }
    }
}

/// Where a ratio stands, in percent from the left.
fn place(ratio: f64) -> f64 {
    50.0 + 50.0 * (ratio.max(f64::MIN_POSITIVE).ln() / WIDEST.ln()).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn half_and_double_are_as_far_from_the_middle() {
        let places = [0.25, 0.5, 1.0, 2.0, 4.0, 1e9, 0.0].map(|ratio| place(ratio).round());
        assert_eq!(places, [0.0, 25.0, 50.0, 75.0, 100.0, 100.0, 0.0]);
    }
}
