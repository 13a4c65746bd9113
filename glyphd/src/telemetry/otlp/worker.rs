//! Takes spans out of the queue and has them exported, a batch at a time.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use glyph_formats::Span;
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{Collector, Counts, size};
use crate::telemetry::convert;

/// The scope that the spans stand in.
const SCOPE: &str = "glyphd";
const BATCH: usize = 512;
/// How long the first span of a batch waits for the others.
const DELAY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    spans: mpsc::Receiver<Span>,
    exporter: SpanExporter,
    scope: InstrumentationScope,
    collector: Arc<Collector>,
    counts: Arc<Counts>,
    stop: CancellationToken,
}

impl Worker {
    pub(super) fn new(
        spans: mpsc::Receiver<Span>,
        exporter: SpanExporter,
        collector: Arc<Collector>,
        counts: Arc<Counts>,
        stop: CancellationToken,
    ) -> Self {
        let scope = InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build();
        Self { spans, exporter, scope, collector, counts, stop }
    }

    pub(super) async fn run(mut self) {
        while let Some(batch) = self.batch().await {
            if let Some(until) = self.collector.away() {
                tokio::select! {
                    () = sleep_until(until) => {}
                    // There is no time to wait; the rest is counted as lost.
                    () = self.stop.cancelled() => return,
                }
            }
            let taken = self.export(batch).await;
            if !taken && self.stop.is_cancelled() {
                return;
            }
        }
    }

    /// The next batch: a whole one, or what has come within the delay, or before the end.
    async fn batch(&mut self) -> Option<Vec<Span>> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut due = Instant::now() + DELAY;
        while batch.len() < BATCH && !self.stop.is_cancelled() {
            let (first, room) = (batch.is_empty(), BATCH - batch.len());
            tokio::select! {
                () = self.stop.cancelled() => {}
                got = timeout_at(due, self.spans.recv_many(&mut batch, room)) => match got {
                    Ok(0) => break,
                    Ok(_) if first => due = Instant::now() + DELAY,
                    Ok(_) => {}
                    Err(_) if batch.is_empty() => due = Instant::now() + DELAY,
                    Err(_) => break,
                },
            }
        }
        if self.stop.is_cancelled() {
            self.spans.close();
            while batch.len() < BATCH
                && let Ok(span) = self.spans.try_recv()
            {
                batch.push(span);
            }
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Whether the collector took it.
    async fn export(&mut self, batch: Vec<Span>) -> bool {
        let spans = batch.len() as u64;
        let held = batch.iter().map(size).sum();
        let batch = batch.into_iter().map(|span| convert::exported(span, &self.scope)).collect();
        let exported = self.exporter.export(batch).await;
        self.counts.held.fetch_sub(held, Ordering::Relaxed);
        let taken = if exported.is_ok() { spans.saturating_sub(self.collector.rejected()) } else { 0 };
        self.counts.taken(taken);
        self.counts.dropped(spans - taken);
        exported.is_ok()
    }
}
