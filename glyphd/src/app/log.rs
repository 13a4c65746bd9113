//! The log of a process that is a daemon, or holds one.

use crate::{sanitize::Sanitizer, telemetry::log};

/// Whether the log can be shown from `filter` on.
///
/// # Errors
/// If the filter can't be understood.
pub(super) fn filter(filter: &str) -> Result<(), String> {
    log::targets(filter).map(drop)
}

/// Sends log lines to standard error, without the secrets in them, from `filter` on: a level (`info`), or levels by
/// module (`warn,glyphd=debug`), in colour or not. A second call does nothing.
///
/// # Errors
/// If the filter can't be understood.
pub fn log_to_stderr(filter: &str, in_colour: bool) -> Result<(), String> {
    let sanitizer = Sanitizer::default();
    log::to_stderr(filter, in_colour, move |line| sanitizer.text(line))
}
