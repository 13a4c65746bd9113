//! The wiring: which stage gets the handle of which, how all of it starts, and how it ends.

mod error;
mod log;
mod preflight;
mod files;
mod plugins;
mod sockets;
mod showing;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use glyph_formats::{FORMAT_VERSION, Recording, UnixNanos, recording::RecordingInfo};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use error::{DrainError, StartError};
pub use log::log_to_stderr;
pub use preflight::{Fault, Preflight};
pub use showing::{Showing, Shown};

use self::{
    files::Files,
    plugins::{Parts, PluginStages},
    sockets::Sockets,
};
use crate::{
    audit::{Audit, Sink},
    capture::{Proxy, Server, Tls, tls::CaCertificate},
    config::Config,
    control::{self, Health, Operator},
    findings::Findings,
    flow_log::FlowLog,
    launcher::Launcher,
    metrics_log::MetricsLog,
    netgate::{Netgate, Surroundings},
    plugin::{self, BusAddress, State, manifest},
    receive::Receiver,
    sanitize::{Intake, Sanitizer, SecretsFile},
    scrape::{Pace, Scrapers},
    telemetry::{Counters, Exporters, Telemetry},
};

/// How long plugins have, in the end, to work off what is in their queues.
const PLUGIN_DRAIN: Duration = Duration::from_secs(5);
/// How long the collector has, in the end, to take the last spans.
const EXPORT_DRAIN: Duration = Duration::from_secs(5);

/// A running daemon.
pub struct Daemon {
    addresses: Addresses,
    drain_timeout: Duration,
    stages: Stages,
    plugins: PluginStages,
    telemetry: Telemetry,
    exporters: Exporters,
    flow_log: Option<FlowLog>,
    sanitizer: Arc<Sanitizer>,
    findings: Findings,
    metrics_log: Option<MetricsLog>,
    authority: Option<CaCertificate>,
    recording: Option<Arc<Mutex<Recording>>>,
    _sockets: Sockets,
}

/// Where a daemon is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The proxy.
    pub proxy: SocketAddr,
    /// `/healthz` and `/readyz`.
    pub metrics: SocketAddr,
    /// Where spans of other programs are taken, if they are.
    pub otlp: Option<SocketAddr>,
    /// The plugin bus.
    pub plugin: BusAddress,
    /// The socket on which the operator asks for tokens.
    pub control: PathBuf,
}

/// The tasks of the stages, in the order of the data, and what stops each.
struct Stages {
    stop_capture: CancellationToken,
    capture: JoinHandle<bool>,
    /// Ends the connections of plugins' own requests.
    cut_netgate: CancellationToken,
    publisher: JoinHandle<()>,
    stop_receiving: CancellationToken,
    receiver: Option<JoinHandle<()>>,
    /// Stops what only tells.
    stop_telling: CancellationToken,
    control: JoinHandle<()>,
    operator: JoinHandle<()>,
    audit: JoinHandle<()>,
    metrics_log: Option<JoinHandle<()>>,
}

/// What a daemon did, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Exchanges that became flows.
    pub flows: u64,
    /// Exchanges that could not be recorded.
    pub flows_dropped: u64,
    /// Handshakes that clients broke off, as those do that do not trust the CA with which TLS is looked into.
    pub disbelieved: u64,
    /// Flow events that a plugin did not get, for want of room or of time.
    pub events_dropped: u64,
    /// Findings that were stored.
    pub findings: u64,
    /// Spans in the trace file, those of other programs too.
    pub spans: u64,
    /// Spans of other programs that were taken.
    pub spans_received: u64,
    /// Spans that the trace file lacks.
    pub spans_dropped: u64,
    /// Scrapes of targets other than the daemon.
    pub scrapes: u64,
    /// Those of them that failed.
    pub scrapes_failed: u64,
    /// Whether every exchange that was under way came to its end.
    pub all_ended: bool,
}

impl Addresses {
    /// Where nobody is to get through the proxy.
    fn own(&self) -> Vec<SocketAddr> {
        let bus = match &self.plugin {
            BusAddress::Tcp(address) => Some(*address),
            BusAddress::Unix(_) => None,
        };
        [self.proxy, self.metrics].into_iter().chain(self.otlp).chain(bus).collect()
    }
}

impl Daemon {
    /// Starts everything; returns when the proxy listens. Must be called on a runtime with several threads.
    ///
    /// # Errors
    /// If an address is in use, a file can't be opened, a manifest is wrong, or something stands where the
    /// recording is to be made. Then nothing is left running.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        // What can be refused is refused before anything is made.
        let manifests =
            config.plugins_dir.as_deref().map(manifest::load_all).transpose()?.unwrap_or_default();
        let scrapers = Scrapers::new(&config.scrape)?;
        let tls = Tls::load(&config.capture)?;
        let authority = tls.authority();
        let allowances = config.policy.allowances(&manifests);
        let launcher = plugins::launcher(config.launcher.clone(), config.sandbox, &allowances, &manifests)?;
        let proxy_listener = listen("--proxy-addr", config.proxy_addr).await?;
        let metrics_listener = listen("--metrics-addr", config.metrics_addr).await?;
        let otlp_listener = match config.otlp_addr {
            Some(_) if !files::has_traces(&config) => return Err(StartError::NoTraceFile),
            Some(address) => Some(listen("--otlp-addr", address).await?),
            None => None,
        };
        let mut sockets = Sockets::default();
        let bus = sockets.bus(config.plugin_addr.as_ref(), config.plugin_tls.as_ref()).await?;
        let (operator_listener, control) = sockets.control(config.control_addr.as_deref())?;
        let addresses = Addresses {
            proxy: proxy_listener.local_addr().map_err(StartError::Runtime)?,
            metrics: metrics_listener.local_addr().map_err(StartError::Runtime)?,
            otlp: otlp_listener
                .as_ref()
                .map(TcpListener::local_addr)
                .transpose()
                .map_err(StartError::Runtime)?,
            plugin: bus.address.clone(),
            control,
        };
        let (mut files, recording, made) = Files::open(&config, |dir| {
            let plugins = plugin::recorded(&manifests, &allowances);
            Recording::create(dir, RecordingInfo { plugins, ..info(&config, &addresses) })
        })?;

        let (telemetry, exporters) = Telemetry::start(&config.trace, files.traces.take())?;
        files.observe(telemetry.files());
        let recording = recording.map(|recording| Arc::new(Mutex::new(recording)));
        if let Some(recording) = &recording {
            telemetry.files().list_segments_in(Arc::clone(recording));
        }
        let secrets = files.secrets.map(SecretsFile::start).transpose().map_err(StartError::Runtime)?;
        let sanitizer = Sanitizer::new(config.policy.redaction.clone(), config.max_body_bytes);
        let sanitizer = Arc::new(sanitizer.with_secrets_file(secrets));
        let sink = files.audit.map_or(Sink::Stderr, |writer| Sink::File(Box::new(writer)));
        let audit = Arc::new(Audit::new(sink, Arc::clone(&sanitizer), telemetry.clone()));
        let findings = Findings::start(files.findings).map_err(StartError::Runtime)?;
        let flow_log = files.flows.map(|writer| FlowLog::start(writer, telemetry.clone()));
        let flow_log = flow_log.transpose().map_err(StartError::Runtime)?;

        let metrics_log =
            files.metrics.map(|w| MetricsLog::start(w, telemetry.clone(), addresses.metrics, scrapers));
        let metrics_log = metrics_log.transpose().map_err(StartError::Runtime)?;
        made.keep();

        let lacks = launcher.iter().flat_map(Launcher::lacks).map(ToString::to_string).collect();
        let variables = bus.seat.variables.clone();
        let around = Surroundings {
            sanitizer: Arc::clone(&sanitizer),
            audit: Arc::clone(&audit),
            telemetry: telemetry.clone(),
        };
        let cut_netgate = CancellationToken::new();
        let netgate = Netgate::new(
            config.policy.netgate.clone(),
            addresses.own(),
            tls.anonymous(),
            config.capture.propagate,
            around,
            cut_netgate.clone(),
        );
        let plugins = PluginStages::start(Parts {
            allowances,
            manifests,
            heartbeat: config.plugin_heartbeat,
            token_life: config.plugin_token_life,
            bus,
            launcher,
            sanitizer: Arc::clone(&sanitizer),
            findings: findings.clone(),
            netgate,
            audit: Arc::clone(&audit),
            telemetry: telemetry.clone(),
        });
        let (intake, publisher) = Intake::new(
            Arc::clone(&sanitizer),
            flow_log.clone(),
            plugins.dispatcher.clone(),
            telemetry.clone(),
            config.flow_sample_ratio,
        );
        let proxy = Proxy::new(config.capture, tls, addresses.own(), intake, telemetry.clone());
        let server = Server::new(proxy_listener, proxy);
        let receiver = otlp_listener.map(|l| Receiver::new(l, Arc::clone(&sanitizer), telemetry.clone()));
        let operator = Operator { issuer: plugins.issuer.clone(), audit: Arc::clone(&audit), variables };

        let every = config.record_metrics_interval;
        let timeout = config.scrape_timeout.unwrap_or(Pace::every(every).timeout);
        let [stop_capture, stop_receiving, stop_telling] = [(); 3].map(|()| CancellationToken::new());
        let (roster, stop) = (plugins.roster.clone(), || stop_telling.clone());
        let health = Health { roster, lacks, telemetry: telemetry.clone() };
        let stages = Stages {
            control: tokio::spawn(control::serve(metrics_listener, health, stop())),
            operator: tokio::spawn(operator.serve(operator_listener, stop())),
            audit: tokio::spawn(audit.run(stop())),
            publisher: tokio::spawn(publisher.run()),
            receiver: receiver.map(|receiver| tokio::spawn(receiver.run(stop_receiving.clone()))),
            stop_receiving,
            metrics_log: metrics_log
                .clone()
                .map(|log| tokio::spawn(log.run(Pace { every, timeout }, stop()))),
            capture: tokio::spawn(server.run(stop_capture.clone(), config.drain_timeout)),
            stop_capture,
            cut_netgate,
            stop_telling,
        };
        tracing::info!(proxy = %addresses.proxy, metrics = %addresses.metrics,
            otlp = addresses.otlp.map(tracing::field::display),
            plugins = %addresses.plugin, control = %addresses.control.display(),
            "glyphd listens");
        Ok(Self {
            addresses,
            drain_timeout: config.drain_timeout,
            stages,
            plugins,
            telemetry,
            exporters,
            flow_log,
            sanitizer,
            findings,
            metrics_log,
            authority,
            recording,
            _sockets: sockets,
        })
    }

    /// Where it is to be found.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What clients have to trust, if TLS is looked into.
    pub fn authority(&self) -> Option<&CaCertificate> {
        self.authority.as_ref()
    }

    /// What its stages speak to: the host's own spans go with the daemon's, if they end before [`Daemon::drain`].
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Waits until every plugin is connected, or has failed to; returns how each is doing.
    pub async fn plugins_settled(&self) -> BTreeMap<String, State> {
        self.plugins.roster.settled().await;
        self.plugins.roster.states()
    }

    /// Stops, in the order of the data: exchanges under way end, the plugins work off what they were given, and
    /// everything is written out. Each step is bounded in time.
    ///
    /// # Errors
    /// If a file could not be written to its end.
    pub async fn drain(self) -> Result<Summary, DrainError> {
        tracing::info!(limit_s = self.drain_timeout.as_secs(), "glyphd stops");
        let stages = self.stages;
        self.plugins.shutdown.begun.cancel();
        stages.stop_capture.cancel();
        let all_ended = stages.capture.await.unwrap_or(false);
        if !all_ended {
            tracing::warn!("exchanges that took too long were cut off");
        }
        // Capture held the last hand on the intake, so that the publisher ends when it has taken all through.
        drop(stages.publisher.await);
        self.plugins.drain(PLUGIN_DRAIN).await;
        // Whoever was proxied has had the time to tell of it.
        stages.stop_receiving.cancel();
        if let Some(receiver) = stages.receiver {
            drop(receiver.await);
        }
        stages.cut_netgate.cancel();
        stages.stop_telling.cancel();
        for task in [stages.control, stages.operator, stages.audit].into_iter().chain(stages.metrics_log) {
            drop(task.await);
        }

        let (flow_log, findings, telemetry) = (self.flow_log, self.findings, self.telemetry.clone());
        let sanitizer = self.sanitizer;
        let records = blocking(move || {
            let flows = flow_log.map_or(Ok(()), |log| log.close());
            flows.and(findings.close(&telemetry)).and(sanitizer.close())
        });
        let records = records.await;
        let spans = self.exporters.shutdown(EXPORT_DRAIN).await;
        // The last scrape counts what was dropped on the way here.
        let metrics = blocking(|| self.metrics_log.map_or(Ok(()), |log| log.close())).await;
        if let Some(recording) = self.recording {
            recording.lock().unwrap_or_else(PoisonError::into_inner).finish(UnixNanos::now())?;
        }
        records.and(metrics).map_err(DrainError::Files)?;
        let counters = self.telemetry.counters();
        let summary = Summary {
            flows: Counters::get(&counters.flows),
            flows_dropped: Counters::get(&counters.flows_dropped),
            disbelieved: Counters::get(&counters.disbelieved),
            events_dropped: Counters::get(&counters.events_dropped),
            findings: Counters::get(&counters.findings),
            spans: spans.written,
            spans_received: Counters::get(&counters.spans_received),
            spans_dropped: spans.dropped,
            scrapes: Counters::get(&counters.scrapes),
            scrapes_failed: Counters::get(&counters.scrapes_failed),
            all_ended,
        };
        tracing::info!(
            flows = summary.flows,
            flows_dropped = summary.flows_dropped,
            events_dropped = summary.events_dropped,
            findings = summary.findings,
            spans = summary.spans,
            spans_dropped = summary.spans_dropped,
            "glyphd has stopped"
        );
        Ok(summary)
    }
}

/// Runs what waits for the disk.
async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(io::Error::other(e)))
}

async fn listen(flag: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { flag, address, source })
}

fn info(config: &Config, addresses: &Addresses) -> RecordingInfo {
    let options = [
        ("max-body-bytes", config.max_body_bytes.to_string()),
        ("trace-sample-ratio", config.trace.sample_ratio.to_string()),
    ];
    let otlp = addresses.otlp.map(|address| ("otlp-addr", address.to_string()));
    let addresses = [
        ("proxy-addr", addresses.proxy.to_string()),
        ("metrics-addr", addresses.metrics.to_string()),
        ("plugin-addr", addresses.plugin.to_string()),
        ("control-addr", addresses.control.display().to_string()),
    ];
    let addresses: Vec<_> = addresses.into_iter().chain(otlp).collect();
    let named = |pairs: &[(&str, String)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    RecordingInfo {
        format: FORMAT_VERSION,
        glyph_version: env!("CARGO_PKG_VERSION").to_owned(),
        service_name: config.trace.service_name.clone(),
        start_time_unix_nano: UnixNanos::now(),
        end_time_unix_nano: None,
        options: named(&options),
        addresses: named(&addresses),
        segments: BTreeMap::new(),
        plugins: Vec::new(),
    }
}
