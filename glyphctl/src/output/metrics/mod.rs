//! What there is of metrics, and what expressions give, in each format.

mod axis;
mod braille;
mod listing;
mod plot;
mod time;
mod values;

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::{
    promql::{Note, Value},
    response::QueryResponse,
};

pub(crate) use self::{
    listing::{write_labels, write_series, write_values},
    time::shown,
};
use super::json;

/// How a query's result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    /// For people: numbers in four digits, series as lines.
    Table,
    /// For programs: what Prometheus' HTTP API answers.
    Json,
    /// For spreadsheets: exact, a line for each sample.
    Csv,
    /// For pull requests.
    Markdown,
    /// For people: drawn, over a range of time.
    Plot,
}

/// What a query was about, and where it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// In milliseconds since the epoch.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Columns to print in.
    pub(crate) width: usize,
    pub(crate) in_colour: bool,
}

impl View {
    /// The same, begun where the samples of a range vector do.
    fn of(self, value: &Value) -> Self {
        let Value::Range(series) = value else { return self };
        let first = series.iter().filter_map(|s| s.samples.first()).map(|(time, _)| *time).min();
        match first {
            Some(first) if self.start == self.end => Self { start: first.min(self.end), ..self },
            _ => self,
        }
    }
}

/// Writes a result.
pub(crate) fn write(
    value: &Value,
    notes: &[Note],
    format: QueryFormat,
    view: View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = view.of(value);
    match format {
        QueryFormat::Json => write_response(&QueryResponse::success(value, view.end, notes), out),
        QueryFormat::Plot => match value {
            Value::Range(series) => plot::write(series, view, out),
            _ => values::write_text(value, view, out),
        },
        QueryFormat::Table => values::write_text(value, view, out),
        QueryFormat::Markdown => values::write_markdown(value, view, out),
        QueryFormat::Csv => values::write_csv(value, view, out),
    }
}

/// Writes an answer as the API would.
pub(crate) fn write_response(response: &QueryResponse, out: &mut dyn Write) -> io::Result<()> {
    json::write_line(response, out)
}
