//! The command line of `glyphd`: flags as they are parsed, and what they mean.

pub mod colour;
mod faults;
mod otel;
mod proxy;
mod record;
mod scrape;
mod trace;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgAction, ColorChoice, Parser};

pub use self::{
    proxy::ProxyArgs,
    record::{FsyncPolicy, RecordArgs, within},
    scrape::{ScrapeArgs, ScrapeFlagError},
    trace::TraceArgs,
};

use self::faults::Faults;
use crate::{
    config::{AuditTarget, BusAddress, BusTls, Config, HeartbeatOptions, Sandbox, TOKEN_LIFE},
    netgate::Allow,
    policy::Policy,
    sanitize::BODY_BYTES,
    toml_file::TomlError,
};

/// A flight recorder for HTTP: a proxy that records what passes, and hands it to plugins.
///
/// Point HTTP clients at it (`curl -x http://127.0.0.1:8080 …`, or the variable `http_proxy`). What it records is
/// for `glyphctl`. SIGTERM or SIGINT lets exchanges under way end, writes everything out, and stops.
#[derive(Debug, Parser)]
#[command(name = "glyphd", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    /// Where the proxy listens (port 0: any that is free)
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", env = "GLYPH_PROXY_ADDR", value_parser = address)]
    pub proxy_addr: SocketAddr,

    /// Where /metrics, /healthz and /readyz are served
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9464", env = "GLYPH_METRICS_ADDR", value_parser = address)]
    pub metrics_addr: SocketAddr,

    /// Take spans of other programs there, as OTLP over HTTP, into the trace file
    #[arg(long, value_name = "ADDR:PORT", env = "GLYPH_OTLP_ADDR", value_parser = address, help_heading = "Tracing")]
    pub otlp_addr: Option<SocketAddr>,

    /// Record everything into this directory, spans too; it must not exist yet
    #[arg(long, value_name = "DIR", help_heading = "Recording")]
    pub record: Option<PathBuf>,

    /// How often metrics are written into the recording (up to 1h)
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = within(1, 3_600), help_heading = "Recording")]
    pub record_metrics_interval: Duration,

    /// Record what another program serves as metrics, too, beside the daemon's own; can be given more than once [default
    /// JOB: app, default path: /metrics]
    #[arg(
        long,
        value_name = "[JOB=]URL[,LABEL=VALUE]",
        requires = "record",
        help_heading = "Metrics of other programs"
    )]
    pub scrape: Vec<String>,

    /// How other programs are asked for their metrics.
    #[command(flatten)]
    pub scraping: ScrapeArgs,

    /// Append flows to this file [default: flows.jsonl of the recording]
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub flow_file: Option<PathBuf>,

    /// Append findings to this file [default: findings.jsonl of the recording]
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub findings_file: Option<PathBuf>,

    /// Append audit entries to this file; - is standard error [default: audit.jsonl of the recording, else -]
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub audit_file: Option<PathBuf>,

    /// Write what each redaction stands for into this file, for whoever is to replay the recording; it must not exist yet
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    pub secrets: Option<PathBuf>,

    /// How many bytes of each body's content are kept; 0 for none
    #[arg(long, value_name = "BYTES", default_value_t = BODY_BYTES, help_heading = "Recording")]
    pub max_body_bytes: usize,

    /// Which share of the flows is written, 0 to 1; plugins see all of them
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, value_parser = trace::ratio, help_heading = "Recording")]
    pub flow_sample_ratio: f64,

    /// Whose requests the proxy takes, and where they go.
    #[command(flatten)]
    pub proxy: ProxyArgs,

    /// How record files are written.
    #[command(flatten)]
    pub writing: RecordArgs,

    /// Where spans go.
    #[command(flatten)]
    pub trace: TraceArgs,

    /// Leave the traceparent header of requests alone
    #[arg(long, help_heading = "Tracing")]
    pub no_propagate: bool,

    /// Start the plugins in this directory: each has a folder with a plugin.toml
    #[arg(long, value_name = "DIR", help_heading = "Plugins")]
    pub plugins_dir: Option<PathBuf>,

    /// Whether plugins are put behind walls: required (nothing is started without those that matter), best-effort (as many
    /// as this machine has), off
    #[arg(long, value_name = "WHEN", default_value_t, env = "GLYPH_SANDBOX", help_heading = "Plugins")]
    pub sandbox: Sandbox,

    /// The plugin bus: a Unix socket, or tcp:ADDR:PORT with TLS [default: a socket in a temporary directory]
    #[arg(long, value_name = "PATH|tcp:ADDR:PORT", env = "GLYPH_PLUGIN_ADDR", help_heading = "Plugins")]
    pub plugin_addr: Option<BusAddress>,

    /// With tcp: the bus's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "plugin_tls_key", help_heading = "Plugins")]
    pub plugin_tls_cert: Option<PathBuf>,

    /// With tcp: the certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "plugin_tls_cert", help_heading = "Plugins")]
    pub plugin_tls_key: Option<PathBuf>,

    /// With tcp: what plugins are to trust (PEM) [default: the certificate itself]
    #[arg(long, value_name = "FILE", requires = "plugin_tls_cert", help_heading = "Plugins")]
    pub plugin_tls_ca: Option<PathBuf>,

    /// With tcp: the name that plugins are told, which the certificate is for [default: localhost, or the address]
    #[arg(long, value_name = "NAME", requires = "plugin_tls_cert", help_heading = "Plugins")]
    pub plugin_host: Option<String>,

    /// The Unix socket on which `glyphctl plugin token` asks for tokens [default: one in a temporary directory]
    #[arg(long, value_name = "PATH", env = "GLYPH_CONTROL_ADDR", help_heading = "Plugins")]
    pub control_addr: Option<PathBuf>,

    /// Let plugins' own requests reach this, too: addresses or a host's name (10.1.0.0/16, build.internal)
    #[arg(long, value_name = "CIDR|HOST", value_delimiter = ',', help_heading = "Plugins")]
    pub netgate_allow: Vec<Allow>,

    /// The policy: what is looked at, what is a secret, what plugins are granted (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How long exchanges under way may take to end at a stop (up to 1d)
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = within(0, 86_400))]
    pub drain_timeout: Duration,

    /// Start nothing: say what is wrong with the flags and with every file that they name, or what would be done
    #[arg(long)]
    pub check_config: bool,

    /// What is logged to standard error: a level, or levels by module (warn,glyphd=debug)
    #[arg(long, value_name = "FILTER", default_value = "info", env = "GLYPH_LOG", help_heading = "Log")]
    pub log: String,

    /// Log only what is wrong: as --log warn
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Log")]
    pub quiet: bool,

    /// Log more: as --log info,glyphd=debug; twice as --log debug, three times as --log trace
    #[arg(short, long, action = ArgAction::Count, help_heading = "Log")]
    pub verbose: u8,

    /// When to use colour: on a terminal, unless NO_COLOR is set, or CLICOLOR_FORCE is; always; never
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Log")]
    pub color: ColorChoice,
}

const EXAMPLES: &str = "Examples:
  glyphd --record run1
      Records everything that passes 127.0.0.1:8080 into the directory run1.
  glyphd --trace-endpoint http://localhost:4318 --trace-sample-ratio 0.1
      Records nothing, but sends a tenth of the traces to a collector.
  glyphd --record run1 --ca-dir ca
      Records what passes over TLS, too; clients have to trust ca/ca.pem (glyphctl ca trust-help ca).
  glyphd --record run1 --reverse http://127.0.0.1:3000
      Records what clients ask the server there, for which they take 127.0.0.1:8080.
  glyphd --record run1 --scrape api=http://127.0.0.1:8000/metrics
      Records what the program there serves as metrics, too.
  glyphd --record run1 --plugins-dir plugins
      Records, and shows every flow to the plugins.
  glyphd --record run1 --config policy.toml --check-config
      Says whether all of that is right, and does nothing.

Then: glyphctl trace summarize run1";

/// What is wrong with the flags, beyond what can be seen in each alone.
#[derive(Debug, thiserror::Error)]
pub enum FlagError {
    /// The policy can't be used.
    #[error("--config: {0}")]
    Policy(#[from] TomlError),
    /// The proxy can't be what it is to be.
    #[error("{flag}: {cause}")]
    Proxy {
        /// The flag.
        flag: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// A header for the endpoint is none, or its file can't be read.
    #[error("--trace-headers: {0}")]
    Headers(String),
    /// What is to be scraped can't be.
    #[error("{flag}{0}", flag = .0.flag().map(|flag| format!("{flag}: ")).unwrap_or_default())]
    Scrape(#[from] ScrapeFlagError),
    /// A variable of the environment says what can't be.
    #[error("{name}: {cause}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl FlagError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Scrape(error) => error.hint(),
            _ => None,
        }
    }
}

impl Args {
    /// What is logged: as `--log` says, unless a shorter flag says otherwise.
    pub fn log_filter(&self) -> &str {
        match (self.quiet, self.verbose) {
            (true, _) => "warn",
            (false, 0) => &self.log,
            (false, 1) => "info,glyphd=debug",
            (false, 2) => "debug",
            (false, _) => "trace",
        }
    }

    /// What the flags mean.
    ///
    /// # Errors
    /// If a file that they name can't be used.
    pub fn into_config(self) -> Result<Config, FlagError> {
        let (config, faults) = self.into_config_and_faults();
        faults.into_iter().next().map_or(Ok(config), Err)
    }

    /// What the flags mean, where those that are wrong were not given; and all that is wrong with them.
    pub fn into_config_and_faults(self) -> (Config, Vec<FlagError>) {
        let mut faults = Faults::default();
        let audit_file = self.audit_file.map(|path| match path.as_os_str() == "-" {
            true => AuditTarget::Stderr,
            false => AuditTarget::File(path),
        });
        let policy = self.config.as_deref().map(Policy::load_with_faults);
        let (mut policy, wrong) = policy.unwrap_or_default();
        wrong.into_iter().for_each(|fault| faults.add(fault.into()));
        policy.netgate.allow.extend(self.netgate_allow);
        let every = self.record_metrics_interval;
        let scrape_timeout =
            faults.note(self.scraping.pace(every).map_err(Into::into)).map(|pace| pace.timeout);
        let scrape = self.scrape.iter().map(|target| self.scraping.targets(std::slice::from_ref(target)));
        let scrape = scrape.filter_map(|target| faults.note(target.map_err(Into::into))).flatten().collect();
        let capture = self.proxy.into_options(self.proxy_addr, !self.no_propagate, &policy, &mut faults);
        let (trace, warnings) = faults.note(self.trace.into_config("glyphd")).unwrap_or_default();
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let config = Config {
            proxy_addr: self.proxy_addr,
            metrics_addr: self.metrics_addr,
            otlp_addr: self.otlp_addr,
            plugin_addr: self.plugin_addr,
            plugin_tls: self.plugin_tls_cert.zip(self.plugin_tls_key).map(|(cert, key)| BusTls {
                cert,
                key,
                ca: self.plugin_tls_ca,
                host: self.plugin_host,
            }),
            plugin_heartbeat: HeartbeatOptions::default(),
            plugin_token_life: TOKEN_LIFE,
            control_addr: self.control_addr,
            record: self.record,
            record_metrics_interval: every,
            scrape,
            scrape_timeout,
            writing: self.writing.into_options(),
            flow_file: self.flow_file,
            findings_file: self.findings_file,
            audit_file,
            trace,
            flow_sample_ratio: self.flow_sample_ratio,
            capture,
            max_body_bytes: self.max_body_bytes,
            secrets_file: self.secrets,
            plugins_dir: self.plugins_dir,
            policy,
            sandbox: self.sandbox,
            launcher: None,
            drain_timeout: self.drain_timeout,
        };
        (config, faults.into_vec())
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
///
/// # Errors
/// What is wrong, and what was expected.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.rsplit_once(':').map(|(_, port)| port);
    match port {
        None => Err("expected ADDR:PORT, for example 127.0.0.1:8080".to_owned()),
        Some(port) if port.parse::<u16>().is_err() => {
            Err(format!("{port:?} is no port: expected a number from 0 to 65535"))
        }
        Some(_) => {
            let text = text.strip_prefix("localhost:").map_or(text.to_owned(), |p| format!("127.0.0.1:{p}"));
            text.parse()
                .map_err(|_| "expected an IP address and a port, for example 127.0.0.1:8080".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(flags: &[&str]) -> Args {
        Args::try_parse_from(["glyphd"].iter().chain(flags)).unwrap()
    }

    #[test]
    fn shorter_flags_come_before_the_filter_of_the_log() {
        assert_eq!(parsed(&["--log", "error"]).log_filter(), "error");
        assert_eq!(parsed(&["-q", "--log", "debug"]).log_filter(), "warn");
        assert_eq!(parsed(&["-v"]).log_filter(), "info,glyphd=debug");
        assert_eq!(parsed(&["-vv"]).log_filter(), "debug");
        assert_eq!(parsed(&["-vv", "-v"]).log_filter(), "trace");
        assert!(Args::try_parse_from(["glyphd", "-q", "-v"]).is_err());
    }

    #[test]
    fn what_the_help_calls_the_default_is_the_default() {
        let config = parsed(&[]).into_config().unwrap();
        let default = Config::on_free_ports();
        assert_eq!(config.capture.limits, default.capture.limits);
        assert_eq!(config.record_metrics_interval, default.record_metrics_interval);
        assert_eq!(config.drain_timeout, default.drain_timeout);
    }

    #[test]
    fn a_port_out_of_range_is_told_as_such() {
        assert!(address("127.0.0.1:65536").unwrap_err().contains("0 to 65535"));
        assert!(address("127.0.0.1").unwrap_err().contains("ADDR:PORT"));
        assert_eq!(address("localhost:1").unwrap(), SocketAddr::from(([127, 0, 0, 1], 1)));
    }
}
