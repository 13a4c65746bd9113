//! Series of samples in columns, and how a recorded scrape file becomes them.
//!
//! In: OpenMetrics or Prometheus text with a timestamp on every sample. Out: a [`Store`] that finds series by their
//! labels. Not here: any arithmetic on samples ([`crate::promql`] does that), any server.

// What a series is called, and how it is found.
pub mod labels;
pub mod matcher;
mod re2;

// Where its samples are.
pub mod store;
pub mod stale;

// How they get there.
mod exposition;
pub mod read;

pub use exposition::ExpositionError;
pub use labels::{Labels, Str};
pub use matcher::{MatchOp, Matcher};
pub use read::{MetricsError, Reading, Warning, files_of, read};
pub use store::{Exemplar, Kind, Refusal, Series, SeriesId, Store};
