//! The real `glyphctl`, run as a user runs it.

mod alerts_check;
mod check;
mod ci_job;
mod concurrent;
mod harness;
mod server;
mod demo;
mod perfetto;
mod record;
mod replay;
mod trace_show;
mod trace_summarize;
mod viewer;
