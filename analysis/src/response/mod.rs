//! What is told of metrics, as data that can be written: results of queries, and what series and labels there are.
//!
//! In: a [`crate::metrics::Store`], values of [`crate::promql`]. Out: types with a documented JSON. Not here: tables,
//! files, the command line.

mod query;
mod listing;

pub use listing::{LabelListing, LabelRow, SeriesListing, SeriesRow, ValueListing, ValueRow, selector};
pub use query::{Data, ErrorType, Pair, QueryResponse, Seconds, SeriesOfRange, SeriesOfVector, Status};
