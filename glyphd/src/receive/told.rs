//! What is said of posts in the log: each thing once, for a program that sends what it should not does so again and again.
//! The metrics count on.

use std::sync::atomic::{AtomicBool, Ordering};

/// What was said already.
#[derive(Debug, Default)]
pub(super) struct Told {
    refused: AtomicBool,
    busy: AtomicBool,
    rejected: AtomicBool,
    metrics: AtomicBool,
    logs: AtomicBool,
}

fn is_new(told: &AtomicBool) -> bool {
    !told.swap(true, Ordering::Relaxed)
}

impl Told {
    /// A post was refused for what it is.
    pub(super) fn refused(&self, status: u16, path: &str, why: &str) {
        if is_new(&self.refused) {
            tracing::warn!(status, path, why, "a post of spans was refused; others like it are only counted");
        }
    }

    /// A post was refused for want of room or of time.
    pub(super) fn busy(&self) {
        if is_new(&self.busy) {
            tracing::warn!(
                "spans come faster than they can be written: their senders are asked to come again"
            );
        }
    }

    /// Some spans of a post were not taken.
    pub(super) fn rejected(&self, spans: u64, why: &str) {
        if is_new(&self.rejected) {
            tracing::warn!(spans, why, "spans were not taken; others like them are only counted");
        }
    }

    /// Metrics came, or logs.
    pub(super) fn dropped(&self, signal: &'static str) {
        let told = if signal == "metrics" { &self.metrics } else { &self.logs };
        if is_new(told) {
            tracing::info!(signal, "these are taken, so that their sender is content, and not recorded");
        }
    }
}
