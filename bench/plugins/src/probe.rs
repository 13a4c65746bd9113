//! A plugin that notes how long each event was on its way, in a process of its own.

use std::{fs, process::ExitCode, sync::mpsc};

use anyhow::Context;
use glyph_formats::UnixNanos;
use glyph_plugin::{FlowEvent, Plugin, Report, Subscription};
use serde_json::json;

use crate::clock;

/// Where it writes what it noted.
pub(crate) const OUT: &str = "PROBE_OUT";

struct Probe {
    latencies: mpsc::Sender<u64>,
}

impl Plugin for Probe {
    fn version(&self) -> &str {
        "1"
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowRequest, Subscription::FlowResponse]
    }

    fn on_flow(&mut self, event: &FlowEvent, _: &mut Report<'_>) {
        // Its other end is open until it has ended.
        self.latencies.send(UnixNanos::now().0.saturating_sub(event.end_time_unix_nano)).ok();
    }
}

/// Runs it to the daemon's goodbye.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let (latencies, noted) = mpsc::channel();
    glyph_plugin::run(Probe { latencies }).await?;
    let mut noted: Vec<u64> = noted.into_iter().collect();
    noted.sort_unstable();
    let figures = json!({
        "events": noted.len(), "p50_ns": clock::quantile(&noted, 0.5), "p99_ns": clock::quantile(&noted, 0.99),
        "cpu_ns": clock::process().as_nanos() as u64,
    });
    fs::write(std::env::var(OUT).context(OUT)?, figures.to_string())?;
    Ok(ExitCode::SUCCESS)
}
