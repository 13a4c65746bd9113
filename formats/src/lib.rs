//! Every file that glyphd writes and glyphctl reads: the records, and how they get on and off the disk.
//!
//! In: records from the daemon, or files from anywhere. Out: the same, the other way round. Not here: any
//! network, any async runtime, any judgement about what was recorded.

// What happened, in the order in which it happens.
pub mod flow;
pub mod span;
pub mod finding;
pub mod case;
pub mod audit;
pub mod secrets;

// What the records are made of.
pub mod attributes;
pub mod id;
pub mod nanos;

// What is in flows, looked at fast and closely, and how they are handed to other tools.
pub mod glance;
pub mod content;
pub mod har;

// Where they stand.
pub mod recording;
pub mod artifact;
pub mod provenance;

// How they are written and read.
pub mod jsonl;
pub mod metrics_file;
pub mod atomic;
pub mod schema;

pub use attributes::{Attributes, Value};
pub use audit::{AuditEntry, Decision};
pub use case::{Case, Cases};
pub use finding::{Finding, Severity};
pub use flow::Flow;
pub use id::{SpanId, TraceId};
pub use nanos::UnixNanos;
pub use recording::Recording;
pub use span::Span;

/// The version of the record formats that this crate writes. Readers take it and every older one.
pub const FORMAT_VERSION: u32 = 1;
