//! Glyph's daemon as a library: a proxy that records HTTP traffic and hands it to plugins.
//!
//! The modules stand in the order of the data: a request is captured, sanitised, logged and dispatched to
//! plugins, whose findings are kept; [`app`] wires them. `docs/architecture.md` has the picture.

// What the user asks for.
pub mod cli;
pub mod config;
pub mod policy;
pub mod credentials;
pub mod toml_file;
pub mod globs;
pub mod causes;
mod listeners;
mod pooled;

// The way of the data.
pub mod capture;
pub mod sanitize;
mod room;
pub mod flow_log;
pub mod dispatch;
pub mod plugin;
pub mod netgate;
mod findings;

// What other programs say of their own work.
mod receive;

// What plugins run in.
pub mod launcher;

// What every stage speaks to.
mod audit;
pub mod telemetry;
pub mod exposition;
pub mod scrape;
mod metrics_log;
mod control;

// The wiring.
pub mod app;

pub use app::{Daemon, Preflight, Showing, StartError, log_to_stderr};
pub use config::Config;
