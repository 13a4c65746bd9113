//! Series drawn over time, with axes and a legend.

use std::io::{self, Write};

use console::{Color, Style};
use glyph_analysis::{
    promql::RangeSeries,
    text::{short, visible},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{View, axis::Axis, braille::Canvas, shown};

/// Rows of the picture, without its axis.
const ROWS: usize = 16;
/// Columns of the picture, at least and at most.
const NARROWEST: usize = 20;
const WIDEST: usize = 160;
/// How many series the legend names.
const NAMED: usize = 12;
const COLOURS: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::Blue, Color::Red];

/// Draws them.
pub(super) fn write(series: &[RangeSeries], view: View, out: &mut dyn Write) -> io::Result<()> {
    let finite = || series.iter().flat_map(|s| &s.samples).map(|(_, v)| *v).filter(|v| v.is_finite());
    let Some(least) = finite().reduce(f64::min) else {
        return writeln!(out, "nothing to draw from {} to {}", shown(view.start), shown(view.end));
    };
    let axis = Axis::of(least, finite().reduce(f64::max).unwrap_or(least), 5);
    let labels = axis.labels(ROWS);
    let margin = labels.iter().flatten().map(|label| label.width()).max().unwrap_or(0);
    let columns = view.width.saturating_sub(margin + 3).clamp(NARROWEST, WIDEST);
    let mut canvas = Canvas::new(columns, ROWS);
    for (who, series) in series.iter().enumerate() {
        draw(series, who, view, &axis, &mut canvas);
    }
    for (row, label) in labels.iter().enumerate() {
        let tick = if label.is_some() { '┤' } else { '│' };
        write!(out, "{:>margin$} {tick}", label.as_deref().unwrap_or_default())?;
        let line = coloured(canvas.row(row), view.in_colour);
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out, "{:margin$} └{}", "", "─".repeat(columns))?;
    let (start, end) = (shown(view.start), shown(view.end));
    let gap = columns.saturating_sub(start.width() + end.width()).max(1);
    writeln!(out, "{:margin$}  {start}{}{end}", "", " ".repeat(gap))?;
    legend(series, view, out)
}

/// Draws lines from sample to sample, and dots where a neighbour is missing.
fn draw(series: &RangeSeries, who: usize, view: View, axis: &Axis, canvas: &mut Canvas) {
    let (wide, high) = canvas.dots();
    let span = (view.end - view.start).max(1) as f64;
    let place = |time: i64, value: f64| {
        let x = ((time - view.start) as f64 / span).clamp(0.0, 1.0) * (wide - 1) as f64;
        let y = (1.0 - axis.place(value)) * (high - 1) as f64;
        (x.round() as usize, y.round() as usize)
    };
    let step = series.samples.windows(2).map(|pair| pair[1].0 - pair[0].0).min().unwrap_or(0);
    let mut before: Option<(i64, (usize, usize))> = None;
    for (time, value) in &series.samples {
        if !value.is_finite() {
            before = None;
            continue;
        }
        let here = place(*time, *value);
        match before {
            // A gap in the samples is a gap in the line.
            Some((then, there)) if time - then <= step => canvas.line(there, here, who),
            _ => canvas.line(here, here, who),
        }
        before = Some((*time, here));
    }
}

fn colour(who: usize) -> Style {
    Style::new().fg(COLOURS[who % COLOURS.len()])
}

fn coloured(cells: impl Iterator<Item = (char, Option<usize>)>, in_colour: bool) -> String {
    let mut line = String::new();
    for (c, who) in cells {
        match who.filter(|_| in_colour) {
            Some(who) => line.push_str(&colour(who).force_styling(true).apply_to(c).to_string()),
            None => line.push(c),
        }
    }
    line
}

/// Who is who, and how it ended.
fn legend(series: &[RangeSeries], view: View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    for (who, series) in series.iter().take(NAMED).enumerate() {
        let last = series.samples.last().map_or(f64::NAN, |(_, value)| *value);
        let last = format!("  last {}", short(last));
        let name = cut(&visible(&series.labels.to_string()), view.width.saturating_sub(2 + last.width()));
        let mark = coloured([('━', Some(who))].into_iter(), view.in_colour);
        writeln!(out, "{mark} {name}{last}")?;
    }
    match series.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more series"),
    }
}

/// A text of no more columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use glyph_analysis::metrics::Labels;

    use super::*;

    fn drawn(series: &[RangeSeries], width: usize) -> String {
        let view = View { start: 1_760_000_000_000, end: 1_760_000_600_000, width, in_colour: false };
        let mut out = Vec::new();
        write(series, view, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn series(name: &str, value: impl Fn(i64) -> f64) -> RangeSeries {
        let samples = (0..=40).map(|i| (1_760_000_000_000 + i * 15_000, value(i))).collect();
        RangeSeries { labels: Labels::of([("__name__", name)]), samples }
    }

    #[test]
    fn series_are_drawn_with_axes_and_a_legend() {
        let gap = |i| if (15..25).contains(&i) { f64::NAN } else { 100.0 - 2.0 * i as f64 };
        let all = [series("up", |i| 2.5 * i as f64), series("down", gap)];
        insta::assert_snapshot!(drawn(&all, 70));
    }

    #[test]
    fn a_plot_is_no_wider_than_the_terminal() {
        let all = [series(&"long".repeat(60), |i| 1e6 * i as f64), series("x", |_| -3.0)];
        for width in 60..180 {
            for line in drawn(&all, width).lines() {
                assert!(line.width() <= width, "{} > {width}: {line}", line.width());
            }
        }
    }

    #[test]
    fn what_has_no_numbers_is_said_to_have_none() {
        assert!(drawn(&[], 80).starts_with("nothing to draw"));
        assert!(drawn(&[series("x", |_| f64::NAN)], 80).starts_with("nothing to draw"));
        assert!(drawn(&[series("x", |_| f64::MAX)], 80).contains("last"));
    }
}
