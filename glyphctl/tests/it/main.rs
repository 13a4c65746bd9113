//! The real `glyphctl`, run as a user runs it.

mod alerts_check;
mod alerts_lint;
mod alerts_test;
mod ca;
mod check;
mod ci_job;
mod concurrent;
mod harness;
mod firing;
mod metrics_listing;
mod metrics_peer;
mod metrics_query;
mod metrics_record;
mod metrics_server;
mod metrics_test;
mod server;
mod telemetry;
mod demo;
mod flows;
mod har;
mod perfetto;
mod pivot;
mod plugin;
mod record;
mod replay;
mod replay_serve;
mod through_plugins;
mod trace_exports;
#[cfg(target_os = "linux")]
mod trace_hostile;
mod trace_input;
mod trace_show;
mod trace_summarize;
mod viewer;
