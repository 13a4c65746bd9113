//! Spans over OTLP/HTTP, in batches, behind a bounded queue. A collector that is not there costs one warning and
//! the spans; each that is lost is counted.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use glyph_formats::Span;
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry::InstrumentationScope;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SpanExporter as _};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{Metrics, TelemetryError, TraceConfig, convert};

/// The label of this way out in `glyph_trace_spans_total`.
const EXPORTER: &str = "otlp";
/// The scope that the spans stand in.
const SCOPE: &str = "glyphd";
/// Spans that wait for the collector.
const QUEUE: usize = 16_384;
const BATCH: usize = 512;
/// How long the first span of a batch waits for the others.
const DELAY: Duration = Duration::from_secs(1);
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct OtlpSpans {
    queue: mpsc::Sender<Span>,
    counts: Arc<Counts>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
pub(super) struct OtlpTask {
    task: JoinHandle<()>,
    stop: Arc<Notify>,
    counts: Arc<Counts>,
}

/// What is in neither is still on its way; in the end there is no such thing, and the rest is lost.
#[derive(Debug, Default)]
struct Counts {
    ended: AtomicU64,
    taken: AtomicU64,
}

pub(super) fn start(
    endpoint: &str,
    config: &TraceConfig,
    resource: &Resource,
    metrics: Arc<Metrics>,
) -> Result<(OtlpSpans, OtlpTask), TelemetryError> {
    let error = |e: &dyn std::fmt::Display| TelemetryError::Otlp(e.to_string());
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls::client(endpoint, config.insecure_skip_verify).map_err(|e| error(&e))?)
        .https_or_http()
        .enable_http1()
        .build();
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::new(connector, EXPORT_TIMEOUT, None))
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .with_headers(config.headers.iter().cloned().collect::<HashMap<_, _>>())
        .build()
        .map_err(|e| error(&e))?;
    exporter.set_resource(resource);

    metrics.exporter_known(EXPORTER);
    let (queue, spans) = mpsc::channel(QUEUE);
    let counts = Arc::new(Counts::default());
    let stop = Arc::new(Notify::new());
    let worker = Worker {
        spans,
        exporter,
        scope: InstrumentationScope::builder(SCOPE).build(),
        endpoint: endpoint.to_owned(),
        counts: Arc::clone(&counts),
        metrics: Arc::clone(&metrics),
        failing: false,
    };
    let task = tokio::spawn(worker.run(Arc::clone(&stop)));
    Ok((OtlpSpans { queue, counts: Arc::clone(&counts), metrics }, OtlpTask { task, stop, counts }))
}

impl OtlpSpans {
    pub(super) fn take(&self, span: Box<Span>) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        // What finds no room is among those that the collector did not take in the end.
        if self.queue.try_send(*span).is_err() {
            self.metrics.spans(EXPORTER, "dropped", 1);
        }
    }
}

impl OtlpTask {
    /// Sends what is queued, for at most `limit`.
    pub(super) async fn finish(mut self, limit: Duration) {
        self.stop.notify_one();
        if tokio::time::timeout(limit, &mut self.task).await.is_err() {
            self.task.abort();
            tracing::warn!(limit_ms = limit.as_millis(), "the collector took too long; spans are lost");
        }
        let taken = self.counts.taken.load(Ordering::Relaxed);
        let dropped = self.counts.ended.load(Ordering::Relaxed).saturating_sub(taken);
        if dropped > 0 {
            // That it takes no spans has been warned of.
            tracing::info!(dropped, "spans that the collector did not get");
        }
    }
}

struct Worker {
    spans: mpsc::Receiver<Span>,
    exporter: SpanExporter,
    scope: InstrumentationScope,
    endpoint: String,
    counts: Arc<Counts>,
    metrics: Arc<Metrics>,
    failing: bool,
}

impl Worker {
    async fn run(mut self, stop: Arc<Notify>) {
        let mut stopping = false;
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            let mut due = Instant::now() + DELAY;
            while batch.len() < BATCH {
                let room = BATCH - batch.len();
                if stopping {
                    while batch.len() < BATCH
                        && let Ok(span) = self.spans.try_recv()
                    {
                        batch.push(span);
                    }
                    break;
                }
                let first = batch.is_empty();
                tokio::select! {
                    () = stop.notified() => {
                        stopping = true;
                        self.spans.close();
                    }
                    got = timeout_at(due, self.spans.recv_many(&mut batch, room)) => match got {
                        Ok(0) => stopping = true,
                        Ok(_) if first => due = Instant::now() + DELAY,
                        Ok(_) => {}
                        Err(_) if batch.is_empty() => due = Instant::now() + DELAY,
                        Err(_) => break,
                    },
                }
            }
            if batch.is_empty() {
                return;
            }
            self.export(batch).await;
        }
    }

    async fn export(&mut self, batch: Vec<Span>) {
        let spans = batch.len() as u64;
        let batch = batch.into_iter().map(|span| convert::exported(span, &self.scope)).collect();
        let exported = self.exporter.export(batch).await;
        self.metrics.spans(EXPORTER, if exported.is_ok() { "exported" } else { "dropped" }, spans);
        match exported {
            Ok(()) => {
                self.counts.taken.fetch_add(spans, Ordering::Relaxed);
                if std::mem::take(&mut self.failing) {
                    tracing::info!(endpoint = self.endpoint, "the collector takes spans again");
                }
            }
            Err(error) if !self.failing => {
                self.failing = true;
                let endpoint = &self.endpoint;
                tracing::warn!(endpoint, %error, "the collector does not take spans; going on without it");
            }
            Err(_) => {}
        }
    }
}

/// TLS towards the collector, or another server that is asked.
pub(crate) mod tls {
    use std::sync::Arc;

    use hyper_rustls::ConfigBuilderExt;
    use rustls::{
        ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    /// What is needed to speak to that URL.
    pub(crate) fn client(endpoint: &str, skip_verify: bool) -> Result<ClientConfig, std::io::Error> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?;
        if skip_verify {
            let verifier = Arc::new(Anyone { provider });
            return Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        if !endpoint.starts_with("https:") {
            // A machine without certificates can speak to a server without TLS.
            return Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
        }
        Ok(config.with_native_roots()?.with_no_client_auth())
    }

    /// Takes any certificate, but still checks that the other side holds its key.
    #[derive(Debug)]
    struct Anyone {
        provider: Arc<CryptoProvider>,
    }

    impl ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    }
}
