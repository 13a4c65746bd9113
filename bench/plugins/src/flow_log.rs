//! Flows into the flow log: through its room and its queue, by its thread, into a file; at a set rate, or as fast as they go.

use std::time::{Duration, Instant};

use anyhow::ensure;
use glyph_formats::jsonl::{self, Fsync, Rotation, Writer, WriterOptions};
use glyphd::{
    flow_log::FlowLog,
    sanitize::Flow,
    telemetry::{Counters, Telemetry},
};
use serde_json::{Value, json};

use crate::{clock, flows};

/// So many a second, for so long; as fast as they go, if none. Every flow must be in the log in the end.
pub(crate) async fn measure(rate: Option<u64>, flows: u64, fsync: &str) -> anyhow::Result<Value> {
    let fsync = match fsync {
        "never" => Fsync::Never,
        "interval" => Fsync::Interval,
        "always" => Fsync::Always,
        other => anyhow::bail!("{other}: expected never, interval or always"),
    };
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("flows.jsonl");
    let options = WriterOptions { rotation: Some(Rotation::default()), fsync, ..WriterOptions::default() };
    let telemetry = Telemetry::off();
    let log = FlowLog::start(Writer::append(&path, options)?, telemetry.clone())?;
    let template = flows::template()?;
    let (start, cpu, mut making) = (Instant::now(), clock::process(), Duration::ZERO);
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    for n in 0..flows {
        if let Some(rate) = rate {
            while n * 1_000 > start.elapsed().as_millis() as u64 * rate {
                tick.tick().await;
            }
        }
        let before = clock::thread();
        let flow = Flow::recorded(flows::flow(&template, n));
        making += clock::thread() - before;
        log.write(&flow).await;
    }
    let took = start.elapsed();
    tokio::task::spawn_blocking(move || log.close()).await??;
    let (all, cpu) = (start.elapsed(), clock::process() - cpu - making);
    let dropped = Counters::get(&telemetry.counters().flows_dropped);
    let mut records = jsonl::records::<glyph_formats::Flow>(&path)?;
    let lines = records.by_ref().try_fold(0_u64, |count, record| record.map(|_| count + 1))?;
    ensure!(records.warnings().is_empty(), "{:?}", records.warnings());
    Ok(json!({
        "flows": flows, "in_the_log": lines, "dropped": dropped, "seconds": took.as_secs_f64(),
        "flows_per_second": flows as f64 / took.as_secs_f64(), "to_the_end_s": all.as_secs_f64(),
        "cpu_ns_per_flow": cpu.as_nanos() as u64 / flows.max(1),
    }))
}
