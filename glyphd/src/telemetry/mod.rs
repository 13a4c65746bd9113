//! What the daemon says of its own work: spans, log lines, counts.
//!
//! In: calls from every stage, in words of the stages ([`event`], [`Telemetry::span`]). Out: the JSONL trace file
//! and OTLP, each behind a queue of its own; log lines. Nothing here is global: two daemons in one process keep
//! to their own files. Not here: what traffic was like, which is for the flow log.

pub mod event;
mod drops;
mod files;
pub mod context;
pub mod span;
pub mod metrics;
mod convert;
mod file;
mod otlp;
mod outlets;
mod spare;
pub mod log;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use glyph_formats::jsonl::Writer;

pub use context::TraceContext;
pub(crate) use drops::DropReason;
pub use event::Counters;
pub(crate) use files::{FileHealth, FileKind};
pub(crate) use metrics::{Metrics, QueueMeter};
pub(crate) use otlp::tls;
use outlets::Outlets;
pub(crate) use outlets::is_chosen;
pub use span::{Span, SpanBuilder, name};

/// What is to be known of `--trace-insecure-skip-verify`, in the log and in `/readyz`.
const INSECURE: &str = "--trace-insecure-skip-verify: any certificate of the collector is taken";

/// How spans leave the daemon.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceConfig {
    /// The URL that spans are posted to as OTLP, with its path.
    pub endpoint: Option<String>,
    /// Headers of these requests.
    pub headers: Vec<(String, String)>,
    /// Whether they are compressed.
    pub gzip: bool,
    /// How long one of them may take.
    pub timeout: Duration,
    /// Whether any certificate of the endpoint is taken.
    pub insecure_skip_verify: bool,
    /// Files for TLS with the endpoint.
    pub tls: TlsFiles,
    /// The name under which the spans stand.
    pub service_name: String,
    /// What else is said of the service, the process and the machine, beside what is found out.
    pub resource: Vec<(String, String)>,
    /// Which share of the traces that begin here is recorded, 0 to 1.
    pub sample_ratio: f64,
    /// The JSONL file.
    pub file: Option<PathBuf>,
}

/// PEM files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TlsFiles {
    /// Whose certificates are believed, instead of those that the system believes.
    pub authorities: Option<PathBuf>,
    /// Our own certificate, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Default for TraceConfig {
    /// No spans.
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: Vec::new(),
            gzip: true,
            timeout: Duration::from_secs(10),
            insecure_skip_verify: false,
            tls: TlsFiles::default(),
            service_name: "glyphd".to_owned(),
            resource: Vec::new(),
            sample_ratio: 1.0,
            file: None,
        }
    }
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The system refused a thread.
    #[error("can't start the trace file's thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The OTLP exporter refused its settings.
    #[error("--trace-endpoint: {0}")]
    Otlp(String),
}

/// Whether spans can leave as `config` says; nothing is started.
///
/// # Errors
/// If a file that TLS towards the collector needs can't be used.
pub(crate) fn check(config: &TraceConfig) -> Result<(), TelemetryError> {
    config.endpoint.as_deref().map_or(Ok(()), |endpoint| otlp::check(endpoint, config))
}

/// The handle that every stage has.
#[derive(Debug, Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    counters: Counters,
    drops: drops::Drops,
    metrics: Arc<Metrics>,
    files: FileHealth,
    outlets: Option<Arc<Outlets>>,
    export: Export,
}

/// What is to be told of the way to the collector.
#[derive(Debug, Default)]
struct Export {
    collector: Option<Arc<otlp::Collector>>,
    insecure: bool,
}

/// What must be closed in the end so that nothing is lost.
#[derive(Debug)]
pub struct Exporters {
    outlets: Option<Arc<Outlets>>,
    otlp: Option<otlp::OtlpTask>,
}

/// What became of the spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanCounts {
    /// In the file.
    pub written: u64,
    /// Not in the file, for want of room in the queue or on the disk.
    pub dropped: u64,
}

impl Telemetry {
    /// One that records no spans.
    pub fn off() -> Self {
        Self::new(Arc::default(), None)
    }

    fn new(metrics: Arc<Metrics>, outlets: Option<Arc<Outlets>>) -> Self {
        let files = FileHealth::new(Arc::clone(&metrics));
        Self::with(metrics, files, outlets, Export::default())
    }

    fn with(metrics: Arc<Metrics>, files: FileHealth, outlets: Option<Arc<Outlets>>, export: Export) -> Self {
        let (counters, drops) = (Counters::default(), drops::Drops::default());
        Self { inner: Arc::new(Inner { counters, drops, metrics, files, outlets, export }) }
    }

    /// Sets up what the configuration asks for; with ratio 0, or nowhere to send spans to, nothing at all.
    /// `file` is the opened trace file. Must be called on a runtime.
    ///
    /// # Errors
    /// If the system refuses a thread, or the exporter its settings.
    pub fn start(config: &TraceConfig, file: Option<Writer>) -> Result<(Self, Exporters), TelemetryError> {
        let metrics = Arc::new(Metrics::default());
        let mut exporters = Exporters { outlets: None, otlp: None };
        if config.sample_ratio <= 0.0 || (file.is_none() && config.endpoint.is_none()) {
            return Ok((Self::new(metrics, None), exporters));
        }

        let mut outlets = Outlets {
            ratio: config.sample_ratio,
            service_name: config.service_name.clone(),
            file: None,
            otlp: None,
            closed: AtomicBool::new(false),
        };
        let files = FileHealth::new(Arc::clone(&metrics));
        if let Some(mut writer) = file {
            files.observe(FileKind::Traces, &mut writer);
            outlets.file = Some(file::FileSpans::start(writer, &metrics)?);
        }
        let mut export = Export::default();
        if let Some(endpoint) = &config.endpoint {
            let (spans, task, collector) = otlp::start(endpoint, config, Arc::clone(&metrics))?;
            outlets.otlp = Some(spans);
            exporters.otlp = Some(task);
            export = Export { collector: Some(collector), insecure: config.insecure_skip_verify };
            if export.insecure {
                tracing::warn!("{INSECURE}");
            }
        }
        let outlets = Arc::new(outlets);
        exporters.outlets = Some(Arc::clone(&outlets));
        Ok((Self::with(metrics, files, Some(outlets), export), exporters))
    }

    /// Whether spans are recorded at all.
    pub fn tracing(&self) -> bool {
        self.inner.outlets.is_some()
    }

    /// A span to be started.
    pub fn span(&self, name: &'static str) -> SpanBuilder<'_> {
        SpanBuilder::new(self.inner.outlets.as_ref(), &self.inner.metrics, name)
    }

    /// How the files are doing.
    pub(crate) fn files(&self) -> &FileHealth {
        &self.inner.files
    }

    /// What an operator should know of the way to the collector, a line each. It is no reason not to be ready.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let export = &self.inner.export;
        let fault = export.collector.as_ref().and_then(|collector| collector.fault());
        let fault = fault.map(|why| format!("the collector does not take spans: {why}"));
        export.insecure.then(|| INSECURE.to_owned()).into_iter().chain(fault).collect()
    }

    /// All metrics as OpenMetrics text.
    pub(crate) fn openmetrics(&self) -> String {
        self.inner.metrics.openmetrics()
    }

    /// How often things happened.
    pub fn counters(&self) -> &Counters {
        &self.inner.counters
    }
}

impl Exporters {
    /// Hands out what is still queued, for at most `limit`, and closes the file. Spans that end later are lost.
    pub async fn shutdown(mut self, limit: Duration) -> SpanCounts {
        // Closing the file waits for a thread, so not on the runtime.
        let outlets = self.outlets.take();
        let closed = tokio::task::spawn_blocking(move || outlets.map(|outlets| outlets.close()));
        let otlp = async {
            if let Some(task) = self.otlp.take() {
                task.finish(limit).await;
            }
        };
        let (closed, ()) = tokio::join!(closed, otlp);
        let Ok(Some((counts, closed))) = closed else { return SpanCounts::default() };
        if let Err(error) = closed {
            tracing::warn!(%error, "closing the trace file failed");
        }
        counts
    }
}
