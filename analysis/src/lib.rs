//! What the recorded files mean: traces summarised, drawn and walked.
//!
//! In: files that `glyph-formats` knows. Out: numbers, pictures and verdicts as plain data. Not here: the
//! command line, the network, any async runtime. polars is used inside and shows nowhere outside.

// Spans, from the bytes of a file to a table, a Chrome trace or a waterfall.
pub mod trace;

// Metrics, from the bytes of a recorded scrape file to the verdict of an alert rule.
pub mod metrics;
pub mod promql;
pub mod promqltest;
pub mod response;
pub mod rules;

// From an alert to its traces, and from a trace to its flows, findings and decisions.
pub mod pivot;

// Findings, joined to cases; exchanges, held against those that were recorded.
pub mod cases;
pub mod replay;

// A recording held against its limits.
pub mod gate;

// Text that traffic wrote, made fit for a terminal, and for Mermaid's language; paths without their ids.
pub mod text;
pub mod mermaid;
pub mod route;
