//! A line a flow, as they come: columns are as wide as the first flows want them, and no flow is held for longer.

use std::io::{self, Write};

use console::Style;
use glyph_analysis::text::{duration, visible};
use glyph_formats::glance::Glance;
use time::OffsetDateTime;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::bytes;

/// So many flows are looked at before the first is printed.
const LOOKED_AT: usize = 256;
/// What the URL is to have at least.
const LEAST_FOR_URL: usize = 32;

/// Titles, and whether the cells are numbers. The last is the URL, which gets what is left.
const COLUMNS: [(&str, bool); 11] = [
    ("flow", true),
    ("time (UTC)", false),
    ("status", false),
    ("took", true),
    ("sent", true),
    ("received", true),
    ("type", false),
    ("", false),
    ("trace", false),
    ("method", false),
    ("url", false),
];
/// What a narrow terminal is not shown, the first to go first.
const GO_FIRST: [&str; 5] = ["trace", "sent", "type", "received", "time (UTC)"];

type Cells = [String; COLUMNS.len()];
type Widths = [Option<usize>; COLUMNS.len()];

/// A row of the list.
#[derive(Debug)]
pub(crate) struct Row {
    cells: Cells,
    ink: Ink,
}

#[derive(Debug, Clone, Copy)]
enum Ink {
    Plain,
    Odd,
    Bad,
}

impl Row {
    /// The row of a flow.
    pub(crate) fn of(flow: &Glance<'_>) -> Self {
        let status = flow.response.as_ref().map(|response| response.status);
        let (outcome, ink) = match (&flow.error, status) {
            (Some(error), Some(status)) => (format!("{status} {}", error.kind), Ink::Bad),
            (Some(error), None) => (error.kind.to_string(), Ink::Bad),
            (None, Some(status)) => (
                status.to_string(),
                if status >= 500 {
                    Ink::Bad
                } else if status >= 400 {
                    Ink::Odd
                } else {
                    Ink::Plain
                },
            ),
            (None, None) => ("–".to_owned(), Ink::Plain),
        };
        let content_type =
            flow.response.as_ref().and_then(|r| r.headers.get("content-type")).unwrap_or_default();
        let (sent, received) = flow.bytes();
        let mut marks = String::new();
        marks.extend(flow.is_redacted().then_some('R'));
        marks.extend(flow.unredacted.then_some('U'));
        marks.extend(flow.is_partial().then_some('P'));
        let cells = [
            flow.sequence.to_string(),
            time(flow.start_time_unix_nano),
            harmless(&outcome),
            duration(flow.duration_ns()),
            bytes(sent),
            bytes(received),
            harmless(content_type.split(';').next().unwrap_or_default().trim()),
            marks,
            harmless(flow.trace_id.get(..8).unwrap_or(&flow.trace_id)),
            harmless(&flow.request.method),
            harmless(&flow.request.url),
        ];
        Self { cells, ink }
    }
}

/// What is printed of a text from traffic; most need no second look.
fn harmless(text: &str) -> String {
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#') && !text.starts_with(':');
    if is_plain { text.to_owned() } else { visible(text).into_owned() }
}

/// The list on its way.
#[derive(Debug)]
pub(crate) struct List {
    /// How many columns there are to print in; none where nothing is cut.
    width: Option<usize>,
    in_colour: bool,
    waiting: Vec<Row>,
    /// The width of each column, none of those that are not shown; known when the first rows are printed.
    widths: Option<Widths>,
}

impl List {
    /// An empty one.
    pub(crate) fn new(width: Option<usize>) -> Self {
        Self { width, in_colour: crate::output::in_colour(), waiting: Vec::new(), widths: None }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Row, out: &mut dyn Write) -> io::Result<()> {
        match &self.widths {
            Some(widths) => self.line(&row, widths, out),
            None => {
                self.waiting.push(row);
                if self.waiting.len() < LOOKED_AT { Ok(()) } else { self.end(out) }
            }
        }
    }

    /// Prints what waits.
    pub(crate) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if self.widths.is_some() || rows.is_empty() {
            return Ok(());
        }
        let head = Row { cells: COLUMNS.map(|(title, _)| title.to_owned()), ink: Ink::Plain };
        let widths = widths(&head, &rows, self.width);
        self.widths = Some(widths);
        std::iter::once(&head).chain(&rows).try_for_each(|row| self.line(row, &widths, out))
    }

    fn line(&self, row: &Row, widths: &Widths, out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::with_capacity(160);
        let mut taken = 0;
        for (i, (cell, width)) in row.cells.iter().zip(widths).enumerate() {
            let Some(width) = *width else { continue };
            if i == COLUMNS.len() - 1 {
                line.push_str(&cut(cell, self.width.map(|all| all.saturating_sub(taken))));
                break;
            }
            let (title, is_number) = COLUMNS[i];
            let wide = columns(cell);
            let fill = || std::iter::repeat_n(' ', width.saturating_sub(wide));
            if is_number {
                line.extend(fill());
            }
            match row.ink.style().filter(|_| self.in_colour && title == "status") {
                Some(style) => line.push_str(&style.force_styling(true).apply_to(cell).to_string()),
                None => line.push_str(cell),
            }
            if !is_number {
                line.extend(fill());
            }
            line.push_str("  ");
            taken += width.max(wide) + 2;
        }
        writeln!(out, "{}", line.trim_end())
    }
}

impl Ink {
    fn style(self) -> Option<Style> {
        match self {
            Self::Plain => None,
            Self::Odd => Some(Style::new().yellow()),
            Self::Bad => Some(Style::new().red()),
        }
    }
}

/// How many columns a text takes.
fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

fn widths(head: &Row, rows: &[Row], all: Option<usize>) -> Widths {
    let mut widths: Widths = std::array::from_fn(|i| {
        let cells = std::iter::once(head).chain(rows).map(|row| columns(&row.cells[i]));
        cells.max().filter(|width| *width > 0)
    });
    let taken = |widths: &[Option<usize>]| -> usize {
        widths[..COLUMNS.len() - 1].iter().flatten().map(|width| width + 2).sum()
    };
    for title in GO_FIRST {
        if all.is_none_or(|all| taken(&widths) + LEAST_FOR_URL <= all) {
            break;
        }
        let column = COLUMNS.iter().position(|(other, _)| *other == title);
        column.into_iter().for_each(|i| widths[i] = None);
    }
    widths
}

/// As much of a text as fits so many columns, with a sign of what is missing.
pub(super) fn cut(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| columns(text) > *width) else { return text.to_owned() };
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= left;
        left = if fits { left - wide } else { 0 };
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// An instant without its year, to the millisecond.
pub(super) fn time(unix_nano: u64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(unix_nano.into()) else {
        return unix_nano.to_string();
    };
    let (hour, minute, second) = at.to_hms();
    let (month, day, ms) = (u8::from(at.month()), at.day(), at.millisecond());
    format!("{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}")
}
