//! What clients saw, added up.

use std::time::Duration;

use serde_json::{Value, json};

/// What one client saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    took: Vec<Duration>,
    first_byte: Vec<Duration>,
    failures: u64,
    /// Why one of them failed.
    why: Option<String>,
}

impl Seen {
    pub(super) fn done(&mut self, took: Duration) {
        self.took.push(took);
    }

    pub(super) fn first_byte(&mut self, took: Duration) {
        self.first_byte.push(took);
    }

    pub(super) fn failed(&mut self, why: &anyhow::Error) {
        self.failures += 1;
        self.why = Some(format!("{why:#}"));
    }
}

/// What all of them saw.
#[derive(Debug, Default)]
pub(super) struct Figures(Seen);

impl Figures {
    pub(super) fn add(&mut self, seen: Seen) {
        self.0.took.extend(seen.took);
        self.0.first_byte.extend(seen.first_byte);
        self.0.failures += seen.failures;
        self.0.why = seen.why.or(self.0.why.take());
    }

    pub(super) fn tell(self, wall: Duration) -> Value {
        let Seen { took, first_byte, failures, why } = self.0;
        json!({
            "requests": took.len(),
            "failures": failures,
            "why": why,
            "wall_seconds": wall.as_secs_f64(),
            "latency_us": percentiles(took),
            "first_byte_us": percentiles(first_byte),
        })
    }
}

fn percentiles(mut of: Vec<Duration>) -> Value {
    of.sort_unstable();
    let at = |thousandth: usize| {
        let found = of.get((of.len() * thousandth / 1000).min(of.len().saturating_sub(1)));
        found.map(|duration| duration.as_secs_f64() * 1e6)
    };
    json!({ "p50": at(500), "p90": at(900), "p99": at(990), "max": at(1000) })
}
