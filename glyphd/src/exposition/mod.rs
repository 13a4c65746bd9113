//! Expositions: the text that a target answers a scrape with, line by line.
//!
//! In: OpenMetrics, as the daemon's registry encodes it or a target serves it, or Prometheus' [classic
//! text](https://prometheus.io/docs/instrumenting/exposition_formats/). Out: the classic text, for scrapers that do
//! not ask for OpenMetrics ([`classic`]), or the samples as a recording has them ([`Stamp`]). Not here: where the text
//! comes from, and when.

mod line;
mod classic;
mod known;
mod stamp;

pub use classic::classic;
pub use line::LineError;
pub use stamp::{Stamp, Stamped};

/// How an exposition is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Classic,
}

impl Format {
    /// The format that a `Content-Type` names. What names neither is classic, as for Prometheus before version 3:
    /// whether it is will be seen.
    pub fn of_content_type(value: &str) -> Self {
        let kind = value.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Classic
        }
    }
}

/// Why a text is no exposition. Nothing of it is taken then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpositionError {
    /// A line is none of an exposition.
    #[error("line {line} of the answer is no exposition: {cause}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        cause: LineError,
    },
    /// OpenMetrics that does not end with `# EOF`: it was cut short.
    #[error("the answer does not end with # EOF")]
    NoEnd,
}
