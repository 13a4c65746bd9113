//! Recorded flows to a real plugin process: through dispatch, queue, gRPC over a Unix socket, and its answers back.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use glyphd::{
    Showing,
    config::Sandbox,
    plugin::{State, manifest},
    policy::Policy,
};
use serde_json::{Value, json};

use crate::{clock, flows, probe};

/// Events of a flow: its request and its response.
const EVENTS: u64 = 2;

/// All of them, one after the other.
pub(crate) async fn as_fast_as_it_goes(flows: u64) -> anyhow::Result<Value> {
    measure(flows, None).await
}

/// So many events a second, for so long.
pub(crate) async fn at_a_pace(rate: u64, seconds: u64) -> anyhow::Result<Value> {
    measure(rate * seconds / EVENTS, Some(rate)).await
}

async fn measure(flows: u64, rate: Option<u64>) -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let out = dir.path().join("probe.json");
    let program = std::env::current_exe()?;
    let manifest = format!(
        "name = \"probe\"\nversion = \"1\"\ncommand = [{program:?}, \"plugin\", \"probe\"]\n\
         subscriptions = [\"FLOW_REQUEST\", \"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_FLOW_INSPECT\"]\n\
         env = {{ {} = {out:?} }}\n",
        probe::OUT,
    );
    let path = dir.path().join(manifest::FILE);
    fs::write(&path, manifest)?;
    let showing = Showing::start(vec![manifest::load(&path)?], &Policy::default(), Sandbox::Off).await?;
    let states = showing.settled().await;
    ensure!(
        states.values().all(|state| *state == State::Connected),
        "the plugin did not connect: {states:?}"
    );

    let template = flows::template()?;
    let (start, cpu) = (Instant::now(), clock::process());
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    for n in 0..flows {
        if let Some(rate) = rate {
            while n * EVENTS * 1_000 > start.elapsed().as_millis() as u64 * rate {
                tick.tick().await;
            }
        }
        showing.show(flows::flow(&template, n)).await;
    }
    showing.finish(Duration::from_secs(60)).await;
    let (took, cpu) = (start.elapsed(), clock::process() - cpu);
    let probed: Value = serde_json::from_str(&fs::read_to_string(&out).context("the probe's figures")?)?;
    let events = flows * EVENTS;
    ensure!(probed["events"] == events, "{} of {events} events came", probed["events"]);
    Ok(json!({
        "events": events, "seconds": took.as_secs_f64(),
        "events_per_second": events as f64 / took.as_secs_f64(),
        "daemon_cpu_ns_per_event": cpu.as_nanos() as u64 / events,
        "plugin_cpu_ns_per_event": probed["cpu_ns"].as_u64().unwrap_or(0) / events,
        "p50_ns": probed["p50_ns"], "p99_ns": probed["p99_ns"],
    }))
}
