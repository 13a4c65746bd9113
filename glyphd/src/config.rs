//! What the daemon is to do, checked: no flag is looked at after this.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use glyph_formats::jsonl::{Fsync, Rotation, WriterOptions};

pub use crate::launcher::Sandbox;
pub use crate::plugin::{BusAddress, HeartbeatOptions, TOKEN_LIFE};
pub use crate::scrape::{ScrapeTarget, TargetError};
use crate::{capture::CaptureOptions, policy::Policy, sanitize::BODY_BYTES, telemetry::TraceConfig};

/// Everything that a daemon needs to know to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the proxy listens; port 0 for any that is free.
    pub proxy_addr: SocketAddr,
    /// Where `/healthz` and `/readyz` are served.
    pub metrics_addr: SocketAddr,
    /// Where spans of other programs are taken, as OTLP over HTTP; nowhere, if none.
    pub otlp_addr: Option<SocketAddr>,
    /// Where the plugin bus is; on a Unix socket in a directory of the daemon's own, if none.
    pub plugin_addr: Option<BusAddress>,
    /// How the bus is served over TCP; only for an address of that kind.
    pub plugin_tls: Option<BusTls>,
    /// When a silent plugin is asked whether it is alive, and how long it has.
    pub plugin_heartbeat: HeartbeatOptions,
    /// How long a token for a plugin is good for.
    pub plugin_token_life: Duration,
    /// The Unix socket on which the operator asks for tokens; one in a directory of the daemon's own, if none.
    pub control_addr: Option<PathBuf>,
    /// The directory of the recording.
    pub record: Option<PathBuf>,
    /// How often metrics are written into the recording.
    pub record_metrics_interval: Duration,
    /// What is scraped into the recording beside the daemon itself.
    pub scrape: Vec<ScrapeTarget>,
    /// How long such a scrape may take; as long as the interval and 10 s at most, if none.
    pub scrape_timeout: Option<Duration>,
    /// How record files are written: flushed, forced onto the disk, closed.
    pub writing: WriterOptions,
    /// Where flows go; into the recording, if none.
    pub flow_file: Option<PathBuf>,
    /// Where findings go; into the recording, if none.
    pub findings_file: Option<PathBuf>,
    /// Where audit entries go; into the recording or else to standard error, if none.
    pub audit_file: Option<AuditTarget>,
    /// How spans leave the daemon.
    pub trace: TraceConfig,
    /// How many bytes of a body's content are kept.
    pub max_body_bytes: usize,
    /// Where it is written what each redaction stands for; nowhere, if none.
    pub secrets_file: Option<PathBuf>,
    /// Which share of the flows is written, 0 to 1; plugins get all of them.
    pub flow_sample_ratio: f64,
    /// What the proxy is told.
    pub capture: CaptureOptions,
    /// Where plugins' manifests are.
    pub plugins_dir: Option<PathBuf>,
    /// What the operator allows.
    pub policy: Policy,
    /// Whether plugins are put behind walls.
    pub sandbox: Sandbox,
    /// The executable that starts plugins, whose `main` begins with [`crate::launcher::run_if_asked`]; this one, if none.
    pub launcher: Option<PathBuf>,
    /// How long exchanges under way have to end when the daemon is stopped.
    pub drain_timeout: Duration,
}

/// How the plugin bus is served over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusTls {
    /// The certificate, with those between it and the root, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// What plugins are to trust, PEM; the certificate itself, if none.
    pub ca: Option<PathBuf>,
    /// The name under which plugins find the bus, which the certificate is for; `localhost` for a loopback address, the
    /// address for another, if none.
    pub host: Option<String>,
}

/// Where audit entries go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditTarget {
    /// Standard error.
    Stderr,
    /// A file.
    File(PathBuf),
}

impl Config {
    /// A daemon on free ports of the loopback interface that records nothing and starts no plugin.
    pub fn on_free_ports() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            proxy_addr: any,
            metrics_addr: any,
            otlp_addr: None,
            plugin_addr: None,
            plugin_tls: None,
            plugin_heartbeat: HeartbeatOptions::default(),
            plugin_token_life: TOKEN_LIFE,
            control_addr: None,
            record: None,
            record_metrics_interval: Duration::from_secs(5),
            scrape: Vec::new(),
            scrape_timeout: None,
            writing: WriterOptions { rotation: Some(Rotation::default()), ..WriterOptions::default() },
            flow_file: None,
            findings_file: None,
            audit_file: None,
            trace: TraceConfig::default(),
            max_body_bytes: BODY_BYTES,
            secrets_file: None,
            flow_sample_ratio: 1.0,
            capture: CaptureOptions::default(),
            plugins_dir: None,
            policy: Policy::default(),
            sandbox: Sandbox::default(),
            launcher: None,
            drain_timeout: Duration::from_secs(10),
        }
    }
}
