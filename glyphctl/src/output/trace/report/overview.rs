//! The top of the report: what all traces come to, and when they were how slow.

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::report::{
        Overview, Report,
        overview::{COLUMNS, Column, ROWS_PER_POWER},
    },
};
use glyph_formats::UnixNanos;
use maud::{Markup, html};

use super::scale::Scale;
use crate::output::trace::share::{TICKS, percent, share, tick_text};

/// Shades of the grid, from few traces to many.
const SHADES: usize = 6;
/// Fewer rows make a picture that is all blocks.
const FEWEST_ROWS: usize = 12;

/// The section.
pub(super) fn section(title: &str, report: &Report) -> Markup {
    let Overview { traces, failed, percentiles: [p50, p95, p99, max], extent, .. } = &report.overview;
    let summary = &report.summary;
    html! {
        section #overview aria-labelledby="title" {
            h1 #title { (title) }
            @if let Some((start, end)) = extent {
                p.lede {
                    (counted(*traces, "trace")) " over " strong { (duration(end - start)) } ", from "
                    (instant(*start)) " on."
                }
                dl.tiles {
                    (tile("traces", &grouped(*traces), &counted(summary.spans, "span")))
                    (tile("services", &grouped(summary.services.len() as u64), &counted(rows(report), "span name")))
                    div.bad[*failed > 0] {
                        dt { "failed traces" }
                        dd { (rounded(*failed, *traces)) }
                        dd.more { (grouped(*failed)) " of " (grouped(*traces)) }
                    }
                    (tile("median trace", &duration(*p50), "half are faster"))
                    (tile("p95", &duration(*p95), "of the traces"))
                    (tile("p99", &duration(*p99), "of the traces"))
                    (tile("slowest", &duration(*max), "of all traces"))
                }
                (grid(&report.overview))
            } @else {
                p.lede { "There are no spans in these files." }
            }
        }
    }
}

fn rows(report: &Report) -> u64 {
    report.summary.rows.len() as u64 + report.summary.rows_left_out.unwrap_or(0)
}

fn tile(what: &str, figure: &str, more: &str) -> Markup {
    html! { div { dt { (what) } dd { (figure) } dd.more { (more) } } }
}

/// An instant, to the second where people read it.
pub(super) fn instant(unix_nano: u64) -> Markup {
    let exact = UnixNanos(unix_nano).to_string();
    let short =
        exact.get(..19).map_or_else(|| exact.clone(), |seconds| format!("{} UTC", seconds.replace('T', " ")));
    html! { time datetime=(exact) title=(exact) { (short) } }
}

/// A share in percent, in as many digits as say something: `5.3 %`, `< 0.1 %`.
pub(super) fn rounded(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    match share {
        0.0 => "0 %".to_owned(),
        share if share < 0.1 => "< 0.1 %".to_owned(),
        share if share >= 99.95 && part < whole => "> 99.9 %".to_owned(),
        share if share >= 10.0 => format!("{share:.0} %"),
        share => format!("{share:.1} %"),
    }
}

/// When traces began against how long they lasted; below it, how many of them failed.
fn grid(overview: &Overview) -> Markup {
    let rows = overview.columns.iter().flat_map(|column| column.cells.keys().copied());
    let (Some(lowest), Some(highest)) = (rows.clone().min(), rows.max()) else { return html! {} };
    let more = FEWEST_ROWS.saturating_sub(highest - lowest + 1);
    let (lowest, highest) = (lowest.saturating_sub(more / 2), highest + more.div_ceil(2));
    let scale = Scale::of_steps(lowest, highest, ROWS_PER_POWER);
    let height = highest - lowest + 1;
    let whole = overview.starts.1 - overview.starts.0;
    let by_share = |a: &&Column, b: &&Column| failed_share(a).total_cmp(&failed_share(b));
    let Some(worst) = overview.columns.iter().max_by(by_share) else { return html! {} };
    html! {
        figure.grid {
            figcaption {
                "Each trace by when it began and how long it lasted; the stronger the colour, the more of them."
                @if overview.failed > 0 { " Below, in red, the share that failed: up to " (rounded(worst.failed, traces_of(worst))) "." }
            }
            div.plot {
                @for tick in scale.ticks(5) {
                    span.y style=(format!("bottom:{:.2}%", 100.0 * scale.place(tick.at))) { (tick.text) }
                }
                svg viewBox=(format!("0 0 {COLUMNS} {height}")) preserveAspectRatio="none" role="img"
                    aria-label="Durations of traces over time" {
                    @for tick in scale.ticks(5) {
                        @let y = format!("{:.2}", height as f64 * (1.0 - scale.place(tick.at)));
                        line x1="0" x2=(COLUMNS) y1=(y) y2=(y) {}
                    }
                    @for (shade, path) in shades(overview, highest).iter().enumerate().filter(|(_, path)| !path.is_empty()) {
                        path class=(format!("shade{shade}")) d=(path) {}
                    }
                }
            }
            @if overview.failed > 0 {
                svg.failures viewBox=(format!("0 0 {COLUMNS} 100")) preserveAspectRatio="none" role="img"
                    aria-label="Share of traces that failed, over time" { path d=(failures(overview, worst)) {} }
            }
            div.x {
                @for tick in 0..=TICKS {
                    span style={ "left:" (percent(tick, TICKS)) } { (if tick == 0 { "start".to_owned() } else { format!("+{}", tick_text(whole, tick)) }) }
                }
            }
        }
    }
}

/// The cells of each shade, as one path. Counts are far apart, so that shades go by their logarithm.
fn shades(overview: &Overview, highest: usize) -> [String; SHADES] {
    let counts = overview.columns.iter().flat_map(|column| column.cells.values().copied());
    let most = (counts.max().unwrap_or(1) as f64 + 1.0).ln();
    let mut paths = [const { String::new() }; SHADES];
    for (x, column) in overview.columns.iter().enumerate() {
        for (row, count) in &column.cells {
            let shade = ((*count as f64 + 1.0).ln() / most * SHADES as f64).ceil() as usize;
            let path = &mut paths[shade.clamp(1, SHADES) - 1];
            *path += &format!("M{x} {}h1v1h-1z", highest - row);
        }
    }
    paths
}

fn traces_of(column: &Column) -> u64 {
    column.cells.values().sum()
}

fn failed_share(column: &Column) -> f64 {
    share(column.failed, traces_of(column))
}

/// A bar for each column in which traces failed, as high as its share beside the worst.
fn failures(overview: &Overview, worst: &Column) -> String {
    let mut path = String::new();
    for (x, column) in overview.columns.iter().enumerate().filter(|(_, column)| column.failed > 0) {
        let height = (failed_share(column) / failed_share(worst) * 100.0).max(8.0);
        path += &format!("M{x} 100v-{height:.0}h1V100z");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_all() {
        let table = [
            (0, 9, "0 %"),
            (1, 5_000, "< 0.1 %"),
            (53, 1_000, "5.3 %"),
            (1, 3, "33 %"),
            (9_999, 10_000, "> 99.9 %"),
            (7, 7, "100 %"),
            (0, 0, "0 %"),
        ];
        for (part, whole, text) in table {
            assert_eq!(rounded(part, whole), text);
        }
    }
}
