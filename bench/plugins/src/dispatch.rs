//! A flow through dispatch to eight subscribers in this process: the CPU time of all of it, on one thread.

use std::{cell::Cell, rc::Rc, time::Duration};

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

/// Bare channels; dispatch without spans; dispatch with every span into a file.
pub(crate) fn measure(flows: u64) -> anyhow::Result<Value> {
    Ok(json!({
        "bare": in_a_thread(move || bare(flows))?,
        "plain": in_a_thread(move || through_dispatch(flows, false))?,
        "traced": in_a_thread(move || through_dispatch(flows, true))?,
    }))
}

fn in_a_thread<F: Future<Output = anyhow::Result<Value>>>(
    run: impl FnOnce() -> F + Send + 'static,
) -> anyhow::Result<Value> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, run())
    };
    std::thread::spawn(run).join().map_err(|_| anyhow::anyhow!("the thread has panicked"))?
}

/// What eight channels take by themselves: nobody decides who gets a flow, and nothing is told of it.
async fn bare(flows: u64) -> anyhow::Result<Value> {
    let received = Rc::new(Cell::new(0_u64));
    let mut queues = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let (queue, mut flows) = tokio::sync::mpsc::channel::<Flow>(100);
        queues.push(queue);
        let received = Rc::clone(&received);
        tokio::task::spawn_local(async move {
            while flows.recv().await.is_some() {
                received.set(received.get() + 1);
            }
        });
    }
    timed(flows, &received, async |flow: &Flow| {
        for queue in &queues {
            // There is room: the last flow was received.
            drop(queue.try_send(flow.clone()));
        }
    })
    .await
}

async fn through_dispatch(flows: u64, traced: bool) -> anyhow::Result<Value> {
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
    let parent = telemetry.span("bench").start().context();
    let figures =
        timed(flows, &received, async |flow: &Flow| dispatcher.dispatch(flow, None, parent).await).await?;
    if let Some(exporters) = exporters {
        exporters.shutdown(Duration::from_secs(10)).await;
    }
    Ok(figures)
}

/// From the moment at which a flow is handed over to that at which all have it.
async fn timed(flows: u64, received: &Cell<u64>, hand_over: impl AsyncFn(&Flow)) -> anyhow::Result<Value> {
    let template = flows::template()?;
    let (mut took, process) = (Vec::new(), clock::process());
    for n in 0..flows {
        let flow = Flow::recorded(flows::flow(&template, n));
        let before = clock::thread();
        hand_over(&flow).await;
        while received.get() < (n + 1) * SUBSCRIBERS {
            yield_now().await;
        }
        took.push((clock::thread() - before).as_nanos() as u64);
    }
    let process = clock::process() - process;
    took.sort_unstable();
    Ok(json!({
        "p50_ns": clock::quantile(&took, 0.5), "p99_ns": clock::quantile(&took, 0.99),
        "process_mean_ns": process.as_nanos() as u64 / flows.max(1),
    }))
}
