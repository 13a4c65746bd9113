//! The replay as a recording of its own: a daemon in this process stands between us and the target, as a reverse proxy,
//! and leaves what a capture leaves.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, anyhow};
use glyphd::{
    Config, Daemon,
    app::Summary,
    capture::{Base, Mode},
};

use super::plan::Target;
use crate::{output::failure::HintExt, telemetry};

/// How often metrics are written.
const METRICS: Duration = Duration::from_secs(1);

/// What records.
pub(super) struct Recorder {
    daemon: Daemon,
}

impl Recorder {
    /// Starts to record what passes to the target. The directory must not exist yet.
    pub(super) async fn start(
        dir: &Path,
        target: &Target,
        upstream_ca: Option<&Path>,
        body_bytes: usize,
        timeout: Duration,
    ) -> anyhow::Result<Self> {
        if dir.symlink_metadata().is_ok() {
            return Err(anyhow!("--record {}: exists already", dir.display())
                .hint("a recording is never written over; choose a new directory"));
        }
        // What fails is told once, and not for each request. Somebody may have asked for a log already.
        drop(telemetry::log("error"));
        let mut config = Config::on_free_ports();
        config.record = Some(dir.to_owned());
        config.record_metrics_interval = METRICS;
        config.max_body_bytes = body_bytes;
        // What stands before paths is in the requests already.
        let base = Base::of(&format!("{}://{}", target.scheme, target.authority));
        config.capture.mode = Mode::Reverse(base.map_err(anyhow::Error::msg)?);
        config.capture.upstream.ca = upstream_ca.map(Path::to_owned);
        config.capture.limits.request_timeout = timeout;
        let daemon = Daemon::start(config).await.map_err(|error| {
            let hint = error.hint();
            anyhow::Error::new(error).maybe_hint(hint)
        })?;
        Ok(Self { daemon })
    }

    /// Where requests go.
    pub(super) fn address(&self) -> SocketAddr {
        self.daemon.addresses().proxy
    }

    /// Writes everything out.
    pub(super) async fn finish(self) -> anyhow::Result<Summary> {
        self.daemon.drain().await.context("the recording is not whole")
    }
}
