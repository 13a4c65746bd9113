//! The real `glyphctl`, run as a user runs it.

mod alerts_check;
mod check;
mod harness;
mod demo;
mod replay;
mod trace_show;
mod trace_summarize;
mod viewer;
