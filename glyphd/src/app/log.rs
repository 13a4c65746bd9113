//! The log of a process that is a daemon, or holds one.

use crate::{sanitize::Sanitizer, telemetry::log};

/// Sends log lines to standard error, without the secrets in them, from `filter` on: a level (`info`), or levels by
/// module (`warn,glyphd=debug`). A second call does nothing.
///
/// # Errors
/// If the filter can't be understood.
pub fn log_to_stderr(filter: &str) -> Result<(), String> {
    let sanitizer = Sanitizer::default();
    log::to_stderr(filter, move |line| sanitizer.text(line))
}
