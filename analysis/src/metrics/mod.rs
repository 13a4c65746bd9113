//! Series of samples in columns, and how files and servers' answers become them.
//!
//! In: OpenMetrics or Prometheus text with a timestamp on every sample, or the JSON of Prometheus' query API. Out: a
//! [`Store`] that finds series by their labels. Not here: any arithmetic on samples ([`crate::promql`] does that), any
//! server.

// What a series is called, and how it is found.
pub(crate) mod quote;
pub mod labels;
pub(crate) mod go_regex;
pub mod matcher;

// Where its samples are.
pub mod store;
pub mod stale;

// How they get there.
mod text;
pub mod api;
pub mod read;

pub use labels::{Labels, Str};
pub use matcher::{MatchOp, Matcher};
pub use read::{MetricsError, Reading, Warning, files_of, read};
pub use store::{Exemplar, Kind, Refusal, Series, SeriesId, Store};
pub use text::ExpositionError;
