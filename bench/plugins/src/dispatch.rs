//! A flow through dispatch to eight subscribers in this process: the CPU time of all of it, on one thread.

use std::{cell::Cell, rc::Rc};

use glyph_formats::jsonl::{Writer, WriterOptions};
use glyphd::{
    dispatch::{Dispatcher, QueueOptions, Subscription},
    sanitize::Flow,
    telemetry::{Telemetry, TraceConfig},
};
use serde_json::{Value, json};
use tokio::task::{LocalSet, yield_now};

use crate::{clock, flows};

const SUBSCRIBERS: u64 = 8;

/// Without spans, and with every span into a file.
pub(crate) fn measure(flows: u64) -> anyhow::Result<Value> {
    let plain = in_a_thread(flows, false)?;
    let traced = in_a_thread(flows, true)?;
    Ok(json!({ "plain": plain, "traced": traced }))
}

fn in_a_thread(flows: u64, traced: bool) -> anyhow::Result<Value> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, run(flows, traced))
    };
    std::thread::spawn(run).join().map_err(|_| anyhow::anyhow!("the thread has panicked"))?
}

async fn run(flows: u64, traced: bool) -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let (telemetry, exporters) = if traced {
        let writer = Writer::append(&dir.path().join("traces.jsonl"), WriterOptions::default())?;
        let (telemetry, exporters) = Telemetry::start(&TraceConfig::default(), Some(writer))?;
        (telemetry, Some(exporters))
    } else {
        (Telemetry::off(), None)
    };
    let dispatcher = Dispatcher::new(telemetry.clone());
    let received = Rc::new(Cell::new(0_u64));
    for n in 0..SUBSCRIBERS {
        let name = format!("fake-{n}");
        let mut deliveries = dispatcher.subscribe(&name, &[Subscription::Response], QueueOptions::default());
        let received = Rc::clone(&received);
        tokio::task::spawn_local(async move {
            while deliveries.next().await.is_some() {
                received.set(received.get() + 1);
            }
        });
    }
    let template = flows::template()?;
    let mut took = Vec::new();
    let process = clock::process();
    for n in 0..flows {
        let flow = Flow::recorded(flows::flow(&template, n));
        let parent = telemetry.span("bench").start().context();
        let before = clock::thread();
        dispatcher.dispatch(&flow, None, parent).await;
        while received.get() < (n + 1) * SUBSCRIBERS {
            yield_now().await;
        }
        took.push((clock::thread() - before).as_nanos() as u64);
    }
    let process = clock::process() - process;
    took.sort_unstable();
    if let Some(exporters) = exporters {
        exporters.shutdown(std::time::Duration::from_secs(10)).await;
    }
    Ok(json!({
        "p50_ns": clock::quantile(&took, 0.5), "p99_ns": clock::quantile(&took, 0.99),
        "process_mean_ns": process.as_nanos() as u64 / flows.max(1),
    }))
}
