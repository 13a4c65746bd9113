//! Rows of a waterfall as lines of text of a given width.

use glyph_formats::span::SpanStatus;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Row, Waterfall};
use crate::text::{counted, duration, visible};

/// What a piece of a line means; a terminal may show it in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Nothing in particular.
    Plain,
    /// Something to look past: services, attributes.
    Faint,
    /// The bar of a span that nobody waited for.
    Bar,
    /// The bar of a span on the critical path.
    Critical,
    /// A span that failed.
    Error,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it means.
    pub ink: Ink,
    /// The text, harmless and without a line end.
    pub text: String,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many columns a line has; fewer than 40 are taken as 40.
    pub width: usize,
    /// Whether attributes stand below each span.
    pub attributes: bool,
    /// Whether events stand below each span.
    pub events: bool,
}

const LEAST_WIDTH: usize = 40;
const INDENT: usize = 2;

/// The lines of a waterfall: a head, then one for each span, with what else was asked for below it.
pub fn render(waterfall: &Waterfall, options: Options) -> Vec<Vec<Piece>> {
    let width = options.width.max(LEAST_WIDTH);
    // Labels get what they need, up to a half; bars get the rest.
    let longest = waterfall.rows.iter().map(|row| label(row).iter().map(|p| p.text.width()).sum()).max();
    let labels = longest.unwrap_or(0_usize).min(width / 2);
    let times = waterfall.rows.iter().map(|row| duration(row.duration_ns).width()).max().unwrap_or(0);
    let bars = width - labels - times - 3;
    let mut lines = vec![head(waterfall)];
    for row in &waterfall.rows {
        lines.push(span(waterfall, row, [labels, bars, times]));
        lines.extend(details(row, options, width));
    }
    lines
}

fn piece(ink: Ink, text: impl Into<String>) -> Piece {
    Piece { ink, text: text.into() }
}

fn head(waterfall: &Waterfall) -> Vec<Piece> {
    let failed = waterfall.rows.iter().filter(|r| r.status == SpanStatus::Error).count() as u64;
    let mut line = vec![
        piece(Ink::Plain, format!("trace {}", waterfall.trace_id)),
        piece(
            Ink::Faint,
            format!(
                "  {}, {}",
                counted(waterfall.rows.len() as u64, "span"),
                duration(waterfall.duration_ns)
            ),
        ),
    ];
    if failed > 0 {
        line.push(piece(Ink::Error, format!("  {}", counted(failed, "error"))));
    }
    line
}

fn label(row: &Row) -> Vec<Piece> {
    let (mark, ink) = if row.status == SpanStatus::Error { ("✗ ", Ink::Error) } else { ("", Ink::Plain) };
    vec![
        piece(Ink::Plain, " ".repeat(INDENT * row.depth.min(24))),
        piece(ink, format!("{mark}{}", visible(&row.name))),
        piece(Ink::Faint, format!(" {}", visible(&row.service))),
    ]
}

/// A span's line: its label, its bar and its time, in so many columns each.
fn span(waterfall: &Waterfall, row: &Row, [labels, bars, times]: [usize; 3]) -> Vec<Piece> {
    let mut line = fit(label(row), labels);
    let (before, length) = cells(waterfall.duration_ns, row.offset_ns, row.duration_ns, bars);
    let ink = match row {
        Row { status: SpanStatus::Error, .. } => Ink::Error,
        Row { critical: true, .. } => Ink::Critical,
        _ => Ink::Bar,
    };
    // Told apart without colours, too.
    let bar = if row.critical { "█" } else { "▒" };
    line.push(piece(Ink::Faint, format!(" │{}", " ".repeat(before))));
    line.push(piece(ink, bar.repeat(length)));
    line.push(piece(
        Ink::Plain,
        format!("{} {:>times$}", " ".repeat(bars - before - length), duration(row.duration_ns)),
    ));
    line
}

/// How many cells of `bars` come before the bar of a span and how many it fills: at least one, and none outside.
fn cells(whole: u64, offset: u64, length: u64, bars: usize) -> (usize, usize) {
    let at = |ns: u64| match whole {
        0 => 0,
        _ => (u128::from(ns.min(whole)) * bars as u128 / u128::from(whole)) as usize,
    };
    let from = at(offset).min(bars - 1);
    let to = at(offset.saturating_add(length)).clamp(from + 1, bars);
    (from, to - from)
}

/// Makes pieces exactly so wide: cut with an ellipsis, or filled with spaces.
fn fit(pieces: Vec<Piece>, width: usize) -> Vec<Piece> {
    let whole: usize = pieces.iter().map(|p| p.text.width()).sum();
    let limit = if whole > width { width - 1 } else { width };
    let mut used = 0;
    let mut out = Vec::new();
    for Piece { ink, text } in pieces {
        let mut kept = String::new();
        for c in text.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > limit {
                break;
            }
            used += wide;
            kept.push(c);
        }
        let cut = kept.len() < text.len();
        out.push(Piece { ink, text: kept });
        if cut {
            break;
        }
    }
    let ellipsis = if whole > width { "…" } else { "" };
    out.push(piece(Ink::Faint, format!("{ellipsis}{}", " ".repeat(width - used - ellipsis.width()))));
    out
}

fn details(row: &Row, options: Options, width: usize) -> Vec<Vec<Piece>> {
    let indent = " ".repeat(INDENT * (row.depth.min(24) + 1));
    let mut lines = Vec::new();
    let mut line = |ink, text: String| {
        let pieces = vec![piece(Ink::Plain, indent.clone()), piece(ink, text)];
        lines.push(fit(pieces, width));
    };
    if let Some(message) = &row.status_message {
        line(Ink::Error, visible(message).into_owned());
    }
    if options.attributes {
        for (key, value) in &row.attributes.0 {
            line(Ink::Faint, format!("{} = {}", visible(key), visible(&value.to_string())));
        }
    }
    if options.events {
        for event in &row.events {
            // Relative to the span. An event before its span is a clock that differs.
            let at = event.time_unix_nano.0.saturating_sub(row.start_unix_nano);
            line(Ink::Faint, format!("· {} {}", duration(at), visible(&event.name)));
            for (key, value) in &event.attributes.0 {
                line(Ink::Faint, format!("    {} = {}", visible(key), visible(&value.to_string())));
            }
        }
    }
    lines
}
