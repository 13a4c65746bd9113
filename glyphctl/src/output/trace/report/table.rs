//! The summary: a row for each service and span name, to be sorted and filtered, with how its durations are spread.

use glyph_analysis::{
    text::{duration, grouped},
    trace::{
        report::{Histogram, Report},
        summary::{Row, Summary},
    },
};
use maud::{Markup, html};

use super::{
    label::{Palette, label},
    overview::rounded,
    scale::Scale,
};
use crate::output::trace::share::share;

/// How high a picture of a histogram is, in its own units.
const HEIGHT: f64 = 100.0;

/// The columns with figures: heading, and what it means.
const FIGURES: [(&str, &str); 8] = [
    ("Count", "How many spans"),
    ("Failed", "How many of them ended with an error"),
    ("p50", "Half of them took no longer"),
    ("p95", "95 of 100 took no longer"),
    ("p99", "99 of 100 took no longer"),
    ("Max", "The longest"),
    ("Self time", "What of their durations passed without a child running, and its share of all"),
    ("Critical path", "What traces waited for in these spans themselves, and its share of all"),
];

/// The column by which the rows come.
const SORTED_BY: &str = "Critical path";

/// The section.
pub(super) fn section(report: &Report, palette: &Palette) -> Markup {
    let Report { summary, spreads, .. } = report;
    let range = range(spreads);
    let self_ns = summary.rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.self_ns));
    html! {
        section #summary aria-labelledby="summary-title" {
            h2 #summary-title { "Where the time goes" }
            p.about {
                "A row for each service and span name. "
                span.needs-script { "Headings sort; a row opens to show its durations. " }
                "Durations are spread on one scale for all rows, which is logarithmic"
                @if let Some((first, last)) = range {
                    ": from " (bound(first)) " to " (bound(last + 1))
                }
                "."
            }
            div.wide {
                table #rows {
                    thead { tr {
                        th scope="col" aria-sort="none" { (heading("Service and span", "By name", "text")) }
                        @for (name, about) in FIGURES {
                            th.figure scope="col" aria-sort=(if name == SORTED_BY { "descending" } else { "none" }) { (heading(name, about, "number")) }
                        }
                        th scope="col" { "Durations" }
                    } }
                    tbody {
                        @for (at, row) in summary.rows.iter().enumerate() {
                            (self::row(row, at, self_ns, summary, palette, spark(&spreads[at], range)))
                        }
                    }
                }
            }
            p.none #no-rows hidden { "No service or span is called so." }
            @if let Some(more) = summary.rows_left_out {
                p.about { (grouped(more)) " more rows have less of the critical path and are left out; glyphctl trace summarize has them." }
            }
        }
    }
}

fn heading(name: &str, about: &str, kind: &str) -> Markup {
    html! { button type="button" data-sort=(kind) title=(about) { (name) } }
}

fn row(row: &Row, at: usize, self_ns: u64, summary: &Summary, palette: &Palette, spark: Markup) -> Markup {
    let plain = |ns: u64| html! { td.figure data-v=(ns) { (duration(ns)) } };
    let part = |ns: u64, whole: u64| {
        html! {
            td.figure.part data-v=(ns) style=(format!("--part:{:.4}", share(ns, whole))) {
                (duration(ns)) small { (rounded(ns, whole)) }
            }
        }
    };
    html! {
        tr data-row=(at) tabindex="-1" {
            th scope="row" {
                span.name { (label(row.name())) }
                small { (palette.dot(row.service())) span.service { (label(row.service())) } }
            }
            td.figure data-v=(row.count) { (grouped(row.count)) }
            td.figure.bad[row.errors > 0] data-v=(row.errors) {
                @if row.errors > 0 { (grouped(row.errors)) small { (rounded(row.errors, row.count)) } } @else { "–" }
            }
            (plain(row.p50_ns)) (plain(row.p95_ns)) (plain(row.p99_ns)) (plain(row.max_ns))
            (part(row.self_ns, self_ns))
            (part(row.critical_path_ns, summary.critical_path_ns))
            td.spread { (spark) }
        }
    }
}

/// The buckets that any of them has something in.
pub(super) fn range(spreads: &[Histogram]) -> Option<(usize, usize)> {
    let ranges = || spreads.iter().filter_map(Histogram::range);
    Some((ranges().map(|r| *r.start()).min()?, ranges().map(|r| *r.end()).max()?))
}

/// Where a bucket begins, for people.
fn bound(bucket: usize) -> String {
    let bucket = bucket.min(glyph_analysis::trace::report::histogram::BUCKETS - 1);
    duration(glyph_analysis::trace::report::histogram::lower_bound(bucket))
}

/// A histogram as high as the row, on the scale of all.
fn spark(histogram: &Histogram, range: Option<(usize, usize)>) -> Markup {
    let Some((first, last)) = range else { return html! {} };
    let most = histogram.counts().iter().max().copied().unwrap_or(0).max(1);
    let mut path = String::new();
    for bucket in first..=last {
        let count = histogram.counts()[bucket];
        if count > 0 {
            // A single span must be seen, too.
            let height = (count as f64 / most as f64 * HEIGHT).max(5.0);
            path += &format!("M{} {HEIGHT}v-{height:.0}h1V{HEIGHT}z", bucket - first);
        }
    }
    let scale = Scale::of_buckets(first, last);
    html! {
        svg.spark viewBox=(format!("0 0 {} {HEIGHT}", last - first + 1)) preserveAspectRatio="none" aria-hidden="true" {
            @for tick in scale.ticks(12) {
                line x1=(place(scale, tick.at, first, last)) x2=(place(scale, tick.at, first, last)) y1="0" y2="100" {}
            }
            path d=(path) {}
        }
    }
}

fn place(scale: Scale, at: f64, first: usize, last: usize) -> String {
    format!("{:.2}", scale.place(at) * (last - first + 1) as f64)
}
