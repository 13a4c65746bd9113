//! 32 plugins at a set rate of requests: all of them well, and one of them stalled. How long events are on their way to
//! the others, and what the daemon takes.

use std::{sync::PoisonError, time::Duration};

use serde_json::{Value, json};

use crate::{
    clock,
    daemon::Glyphd,
    load,
    sessions::{self, Latencies},
};

const PLUGINS: usize = 32;
const ROUNDS: usize = 5;

struct Run {
    p50: u64,
    p99: u64,
    cpu: Duration,
}

/// In turns; medians.
pub(crate) async fn measure(glyphd: &str, rate: u64, seconds: u64) -> anyhow::Result<Value> {
    let url = load::origin().await?;
    let (mut well, mut stalled) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        well.push(run(glyphd, &url, rate, seconds, false).await?);
        stalled.push(run(glyphd, &url, rate, seconds, true).await?);
    }
    Ok(json!({ "requests": rate * seconds, "well": figures(&well), "stalled": figures(&stalled) }))
}

fn figures(runs: &[Run]) -> Value {
    let median = |of: fn(&Run) -> u64| {
        let mut all: Vec<_> = runs.iter().map(of).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    json!({
        "p50_ns": median(|r| r.p50), "p99_ns": median(|r| r.p99), "cpu_ns": median(|r| r.cpu.as_nanos() as u64),
    })
}

async fn run(glyphd: &str, url: &str, rate: u64, seconds: u64, stalled: bool) -> anyhow::Result<Run> {
    let names: Vec<_> = (0..PLUGINS).map(|n| format!("plugin-{n}")).collect();
    let policy: String = names.iter().map(|name| format!("[plugins.{name}]\n")).collect();
    let daemon = Glyphd::start(glyphd, &policy, &[]).await?;
    let latencies = Latencies::default();
    for (n, name) in names.iter().enumerate() {
        sessions::open(&daemon.control, name, latencies.clone(), stalled && n == 0).await?;
    }
    // Warm, and the stalled one full.
    load::drive(&daemon.proxy, url, 500, load::CONNECTIONS, Some(rate)).await?;
    latencies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let before = clock::other(daemon.pid())?;
    load::drive(&daemon.proxy, url, rate * seconds, load::CONNECTIONS, Some(rate)).await?;
    let cpu = clock::other(daemon.pid())? - before;
    let mut noted = std::mem::take(&mut *latencies.lock().unwrap_or_else(PoisonError::into_inner));
    noted.sort_unstable();
    drop(daemon);
    Ok(Run { p50: clock::quantile(&noted, 0.5), p99: clock::quantile(&noted, 0.99), cpu })
}
