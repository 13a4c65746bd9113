//! Spans over OTLP/HTTP, in batches, behind a bounded queue. A collector that is not there costs one warning and
//! the spans; each that is lost is counted.

mod collector;
mod post;
mod resource;
mod retry;
pub(crate) mod tls;
mod worker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use glyph_formats::{Attributes, Span, Value};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(super) use self::collector::Collector;
use self::{post::Post, worker::Worker};
use super::{Metrics, TelemetryError, TraceConfig};

/// The label of this way out in `glyph_trace_spans_total`.
const EXPORTER: &str = "otlp";
/// Spans that wait for the collector, and the most that they take of the memory: URLs can be long.
const QUEUE: usize = 16_384;
const QUEUE_BYTES: usize = 32 << 20;
/// The exporter's own limit, beyond that of a post with all that is sent again.
const AT_LAST: Duration = Duration::from_secs(24 * 3_600);

#[derive(Debug)]
pub(super) struct OtlpSpans {
    queue: mpsc::Sender<Span>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
pub(super) struct OtlpTask {
    task: JoinHandle<()>,
    stop: CancellationToken,
    counts: Arc<Counts>,
}

/// What is in neither of the last two is still on its way; in the end there is no such thing, and the rest is lost.
#[derive(Debug)]
struct Counts {
    metrics: Arc<Metrics>,
    ended: AtomicU64,
    taken: AtomicU64,
    dropped: AtomicU64,
    /// Bytes that wait, about.
    held: AtomicUsize,
}

pub(super) fn check(endpoint: &str, config: &TraceConfig) -> Result<(), TelemetryError> {
    let tls = tls::client_with(endpoint, config.insecure_skip_verify, &config.tls);
    tls.map(drop).map_err(|e| TelemetryError::Otlp(e.to_string()))
}

pub(super) fn start(
    endpoint: &str,
    config: &TraceConfig,
    metrics: Arc<Metrics>,
) -> Result<(OtlpSpans, OtlpTask, Arc<Collector>), TelemetryError> {
    let stop = CancellationToken::new();
    let collector = Arc::new(Collector::new(endpoint));
    let post = Post::new(endpoint, config, Arc::clone(&collector), stop.clone())?;
    // What the environment says is in the configuration already; whatever is not said here, the exporter would read there.
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(post)
        .with_endpoint(endpoint)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(AT_LAST)
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .map_err(|e| TelemetryError::Otlp(e.to_string()))?;
    exporter.set_resource(&resource::of_process(config));

    metrics.exporter_known(EXPORTER);
    let (queue, spans) = mpsc::channel(QUEUE);
    let counts = Arc::new(Counts {
        metrics,
        ended: AtomicU64::new(0),
        taken: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
        held: AtomicUsize::new(0),
    });
    let worker = Worker::new(spans, exporter, Arc::clone(&collector), Arc::clone(&counts), stop.clone());
    let task = tokio::spawn(worker.run());
    let task = OtlpTask { task, stop, counts: Arc::clone(&counts) };
    Ok((OtlpSpans { queue, counts }, task, collector))
}

impl OtlpSpans {
    pub(super) fn take(&self, span: Box<Span>) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        let size = size(&span);
        let full = self.counts.held.fetch_add(size, Ordering::Relaxed) + size > QUEUE_BYTES;
        if full || self.queue.try_send(*span).is_err() {
            self.counts.held.fetch_sub(size, Ordering::Relaxed);
            self.counts.dropped(1);
        }
    }
}

impl OtlpTask {
    /// Sends what is queued, for at most `limit`.
    pub(super) async fn finish(mut self, limit: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(limit, &mut self.task).await.is_err() {
            self.task.abort();
            tracing::warn!(limit_ms = limit.as_millis(), "the collector took too long; spans are lost");
        }
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.counts;
        let left = get(&counts.ended).saturating_sub(get(&counts.taken) + get(&counts.dropped));
        counts.dropped(left);
        let dropped = get(&counts.dropped);
        if dropped > 0 {
            // That it takes no spans has been warned of.
            tracing::info!(dropped, "spans that the collector did not get");
        }
    }
}

impl Counts {
    fn taken(&self, spans: u64) {
        self.taken.fetch_add(spans, Ordering::Relaxed);
        self.metrics.spans(EXPORTER, "exported", spans);
    }

    fn dropped(&self, spans: u64) {
        self.dropped.fetch_add(spans, Ordering::Relaxed);
        self.metrics.spans(EXPORTER, "dropped", spans);
    }
}

/// How much memory a span takes, about.
fn size(span: &Span) -> usize {
    fn of_value(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(|v| size_of::<Value>() + of_value(v)).sum(),
            _ => 0,
        }
    }
    fn of(attributes: &Attributes) -> usize {
        let each = |(name, value): &(_, Value)| size_of_val(name) + size_of_val(value) + of_value(value);
        attributes.0.iter().map(each).sum()
    }
    let events: usize = span.events.iter().map(|event| size_of_val(event) + of(&event.attributes)).sum();
    let links: usize = span.links.iter().map(|link| size_of_val(link) + of(&link.attributes)).sum();
    let message = span.status_message.as_ref().map_or(0, |message| message.len());
    size_of::<Span>() + of(&span.attributes) + events + links + message
}
