//! How the collector is doing: told in the log when that changes, and in `/readyz`.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

#[derive(Debug)]
pub(in crate::telemetry) struct Collector {
    endpoint: String,
    state: Mutex<State>,
    /// Of the last post.
    rejected: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Why it does not take spans.
    failing: Option<String>,
    /// Whether it was told that it rejects some.
    told_of_rejections: bool,
    /// Until then it has asked to be left alone.
    away: Option<Instant>,
}

impl Collector {
    pub(super) fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), state: Mutex::default(), rejected: AtomicU64::new(0) }
    }

    /// It did not take spans.
    pub(super) fn failed(&self, why: &str, asked: Option<Duration>) {
        let mut state = self.state();
        state.away = asked.map(|time| Instant::now() + time);
        if state.failing.replace(why.to_owned()).is_none() {
            let endpoint = &self.endpoint;
            tracing::warn!(
                endpoint,
                why,
                "the collector does not take spans; they wait for it, and then they are lost"
            );
        }
    }

    /// It took them, but for so many.
    pub(super) fn took(&self, rejected: u64, why: &str) {
        self.rejected.store(rejected, Ordering::Relaxed);
        let mut state = self.state();
        state.away = None;
        let endpoint = &self.endpoint;
        if state.failing.take().is_some() {
            tracing::info!(endpoint, "the collector takes spans again");
        }
        if (rejected > 0 || !why.is_empty()) && !std::mem::replace(&mut state.told_of_rejections, true) {
            tracing::warn!(endpoint, rejected, why, "the collector takes spans, but not without complaint");
        }
    }

    /// How many spans of the last post it rejected.
    pub(super) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Until when it is left alone.
    pub(super) fn away(&self) -> Option<Instant> {
        self.state().away.filter(|until| *until > Instant::now())
    }

    /// Why it does not take spans, if it does not.
    pub(in crate::telemetry) fn fault(&self) -> Option<String> {
        self.state().failing.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
