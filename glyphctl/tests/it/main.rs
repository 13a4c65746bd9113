//! The real `glyphctl`, run as a user runs it.

mod harness;
mod demo;
mod trace_show;
mod trace_summarize;
mod viewer;
