//! `glyphctl record`: a command run through a daemon of its own, and everything recorded.
//!
//! [`place`] says where the recording goes, [`trust`] and [`surroundings`] what the command is told, [`child`] runs it and
//! hands it the [`signals`] that are meant for it, [`account`] tells what came of it. The exit code is the command's own.

mod place;
mod trust;
mod surroundings;
pub(crate) mod signals;
mod child;
mod account;

use std::{
    ffi::OsString,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use glyphd::{
    Config, Daemon, StartError,
    app::Summary,
    capture::Ca,
    cli::ScrapeArgs,
    config::Sandbox,
    globs::Globs,
    plugin::State,
    policy::Policy,
    telemetry::{Telemetry, TraceContext},
};

pub(in crate::commands) use self::place::compact;
use self::{
    child::Ended,
    place::Place,
    signals::Signals,
    surroundings::{Surroundings, Told},
    trust::Trust,
};
use super::{
    metrics::record::{flag_hinted, interval},
    replay,
};
use crate::{
    output::{
        failure::{HintExt, report},
        note,
    },
    telemetry,
};

/// The name of the command's span. It stands in the daemon's trace file, but is none of the daemon's.
const SPAN: &str = "glyphctl.record";
/// How long the plugins may take to connect.
const PLUGIN_START: Duration = Duration::from_secs(20);

/// Flags of `glyphctl record`.
#[derive(Debug, Args)]
#[command(after_help = "\
The command runs as it would without glyphctl: same terminal, same exit code (128+N if signal N killed it). It sees \
HTTP_PROXY and HTTPS_PROXY, in both cases of letters, which name the proxy that records; TRACEPARENT, the span of its \
run, so that clients which pass it on are one trace; and GLYPH_RECORDING, the recording's directory. Hosts in NO_PROXY \
go past the proxy.

HTTPS is looked into, with a CA of this recording alone, whose key is never written. The command is told to trust it \
beside whom it trusts anyway: by SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS, PIP_CERT, \
AWS_CA_BUNDLE, GIT_SSL_CAINFO, CARGO_HTTP_CAINFO and DENO_CERT. A client that goes by none of these (Java's, one with \
CAs of its own) fails, which is recorded: name its hosts with --tls-passthrough.

The command's own spans are recorded, too, beside the proxy's: SDKs of OpenTelemetry send them where \
OTEL_EXPORTER_OTLP_ENDPOINT says, over HTTP. If that is set already, they go there and nowhere else.

--scrape records the metrics of other programs beside the daemon's own into metrics.om, as Prometheus would see them, \
at the start, every --metrics-interval, and once more at the end. A target that is not there is up 0. `glyphctl metrics \
record` does the same without a command, and its help says more.

Exit codes: those of the command, 2 if glyphctl could not do its work.

Examples:
  glyphctl record -- ./integration-tests.sh
  glyphctl record --out run1 --pack -- curl -s https://example.com/
  glyphctl record --tls-passthrough '*.bank.example' -- python3 -m pytest
  glyphctl record --out run1 --scrape api=http://localhost:8000/metrics -- make load-test
  glyphctl check run1
  glyphctl record --plugins-dir plugins --config policy.toml -- sh -c 'curl -s $URL | jq .'")]
pub(crate) struct RecordArgs {
    /// Where to put the recording; must not exist yet [default: glyph-YYYYMMDDTHHMMSSZ in this directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Pack the recording into DIR.glyph.tar.zst beside it, too, and tell the digest
    #[arg(long)]
    pack: bool,
    /// Record what this URL serves as metrics, under the label job="JOB" and further labels; can be given more than once
    /// [default JOB: app, default path: /metrics]
    #[arg(long, value_name = "[JOB=]URL[,LABEL=VALUE]")]
    scrape: Vec<String>,
    /// How often metrics are recorded: 5s, 100ms, or seconds
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = interval)]
    metrics_interval: Duration,
    #[command(flatten)]
    scraping: ScrapeArgs,
    /// Leave all TLS alone: HTTPS passes as a tunnel, and who and how much is recorded, not what
    #[arg(long, conflicts_with = "tls_passthrough")]
    no_intercept: bool,
    /// Leave the TLS of this host alone (* is anything); may be given more than once
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    tls_passthrough: Vec<String>,
    /// Trust these certificates of upstreams, too (PEM), beside the system's and those of the command's variables
    #[arg(long, value_name = "FILE")]
    upstream_ca: Option<PathBuf>,
    /// Start the plugins in this directory first: each has a folder with a plugin.toml
    #[arg(long, value_name = "DIR")]
    plugins_dir: Option<PathBuf>,
    /// The policy: what plugins are granted (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Whether plugins are put behind walls: required, best-effort (as many as this machine has), off
    #[arg(long, value_name = "WHEN", default_value_t, env = "GLYPH_SANDBOX", hide_env_values = true)]
    sandbox: Sandbox,
    /// The command, and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs it.
pub(crate) fn run(flags: &RecordArgs) -> anyhow::Result<ExitCode> {
    // The terminal is the command's; what went wrong is worth a line between its own.
    telemetry::log("warn")?;
    let place = Place::choose(flags.out.as_deref(), flags.pack)?;
    let config = flags.daemon(&place)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (ended, drained) = runtime.block_on(record(flags, config, &place))?;

    let finished = drained.and_then(|summary| {
        account::tell(&summary, &place);
        place.artifact.as_deref().map_or(Ok(()), |artifact| pack(&place, artifact))
    });
    match finished {
        Ok(()) => {}
        // Why the command failed matters more than what there is of its recording.
        Err(error) if !ended.is_success() => report(&error),
        Err(error) => return Err(error),
    }
    Ok(ExitCode::from(ended.code()))
}

impl RecordArgs {
    fn daemon(&self, place: &Place) -> anyhow::Result<Config> {
        let mut config = Config::on_free_ports();
        config.record = Some(place.dir.clone());
        config.record_metrics_interval = self.metrics_interval;
        config.scrape = self.scraping.targets(&self.scrape).map_err(|error| match error.flag() {
            Some(flag) => flag_hinted(error).context(flag),
            None => flag_hinted(error),
        })?;
        config.scrape_timeout = Some(self.scraping.pace(self.metrics_interval).map_err(flag_hinted)?.timeout);
        config.plugins_dir = self.plugins_dir.clone();
        config.sandbox = self.sandbox;
        if let Some(file) = &self.config {
            config.policy = Policy::load(file).context("--config")?;
        }
        self.capture(&mut config)?;
        // Who has a place for spans keeps it.
        config.otlp_addr = surroundings::other_collector().is_none().then(free_loopback);
        Ok(config)
    }

    /// What is looked into, and whom upstreams are believed by.
    fn capture(&self, config: &mut Config) -> anyhow::Result<()> {
        let capture = &mut config.capture;
        capture.scope = config.policy.scope.clone();
        capture.tls = config.policy.tls.clone();
        let more = Globs::of(&self.tls_passthrough).map_err(anyhow::Error::msg);
        capture.tls.passthrough.add(more.context("--tls-passthrough")?);
        if !self.no_intercept {
            capture.ca = Some(Ca::OfThisRun);
            capture.upstream.ca = self.upstream_ca.clone();
            capture.upstream.more = trust::of_users_files();
        }
        Ok(())
    }
}

/// A loopback address, with any port that is free: where the system has it, one that nobody else uses, so that it can be
/// exempt from the proxy by itself.
fn free_loopback() -> SocketAddr {
    let own = SocketAddr::from(([127, 0, 0, 2], 0));
    let is_there = TcpListener::bind(own).is_ok();
    if is_there { own } else { SocketAddr::from(([127, 0, 0, 1], 0)) }
}

/// Starts the daemon, runs the command, and stops the daemon in order. An error means that the command did not run.
async fn record(
    flags: &RecordArgs,
    config: Config,
    place: &Place,
) -> anyhow::Result<(Ended, anyhow::Result<Summary>)> {
    // From the first moment on, so that none is lost.
    let mut signals = Signals::listen()?;
    let daemon = Daemon::start(config).await.map_err(not_started)?;
    let ran = match ready(&daemon, &mut signals).await {
        Ok(()) => {
            account::announce(place);
            command(flags, &daemon, place, &mut signals).await
        }
        Err(error) => Err(error),
    };
    let drained = drain(daemon, &mut signals).await;
    match ran {
        Ok(ended) => Ok((ended, drained)),
        Err(error) => {
            // There is nothing in it.
            drop(fs::remove_dir_all(&place.dir));
            Err(error)
        }
    }
}

fn not_started(error: StartError) -> anyhow::Error {
    let hint = error.hint();
    anyhow::Error::new(error).maybe_hint(hint)
}

/// Waits for the plugins.
async fn ready(daemon: &Daemon, signals: &mut Signals) -> anyhow::Result<()> {
    let settled = tokio::select! {
        settled = tokio::time::timeout(PLUGIN_START, daemon.plugins_settled()) => settled,
        _ = signals.next() => bail!("interrupted before the command was started"),
    };
    let states = settled.ok().with_context(|| format!("the plugins were not ready within {PLUGIN_START:?}"));
    for (plugin, state) in states? {
        if state != State::Connected {
            let error = anyhow::anyhow!("the plugin {plugin} did not connect");
            return Err(error.hint("with GLYPH_LOG=info the daemon says why"));
        }
    }
    Ok(())
}

/// Runs the command within its span.
async fn command(
    flags: &RecordArgs,
    daemon: &Daemon,
    place: &Place,
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let program = child::name_of(&flags.command);
    let mut span = daemon.telemetry().span(SPAN).with("process.executable.name", program);
    // The trace in which glyphctl itself was started is somebody else's: as a parent it would be missing here.
    if let Some(outer) = std::env::var("TRACEPARENT").ok().as_deref().and_then(TraceContext::of_traceparent) {
        span = span.link(outer);
    }
    let mut span = span.start();
    let trust = daemon.authority().map(|ca| Trust::in_ca(&ca.pem())).transpose()?;
    let told = Told {
        proxy: daemon.addresses().proxy,
        otlp: daemon.addresses().otlp,
        span: span.context(),
        recording: &place.absolute,
        trust: trust.as_ref().map(|trust| trust.variables.clone()).unwrap_or_default(),
    };
    let surroundings = Surroundings::new(told, surroundings::of_user);
    let ended = child::run(&flags.command, &surroundings, signals).await?;
    span.set("process.exit.code", i64::from(ended.code()));
    match ended.fault() {
        None => span.succeed(),
        Some((kind, message)) => span.fail(kind, message),
    }
    Ok(ended)
}

/// Stops the daemon, unless the user can't wait.
async fn drain(daemon: Daemon, signals: &mut Signals) -> anyhow::Result<Summary> {
    let impatient = async {
        // The one that ended the command may come here a moment late.
        signals.next().await;
        note("finishing the recording; interrupt once more to leave it as it is");
        signals.next().await;
    };
    tokio::select! {
        drained = daemon.drain() => drained.context("the recording is not whole"),
        () = impatient => bail!("the recording is not whole: interrupted while it was finished"),
    }
}

fn pack(place: &Place, artifact: &Path) -> anyhow::Result<()> {
    let written = replay::pack(&place.dir, artifact, &Telemetry::off()).map_err(replay::hinted)?;
    replay::tell(&written, artifact);
    note(format_args!("digest {}", written.contents.digest));
    Ok(())
}
