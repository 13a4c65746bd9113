//! A daemon inside the test's process.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use glyphd::{Config, Daemon, config::Sandbox, plugin::manifest};
use tempfile::TempDir;

use super::{Client, Recorded, process::GLYPHD, within};

/// A daemon on free ports that records into a directory of its own.
pub(crate) struct TestDaemon {
    daemon: Daemon,
    dir: TempDir,
}

impl TestDaemon {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// One whose configuration is changed first.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::on_free_ports();
        config.record = Some(dir.path().join("recording"));
        // This process's own `main` is not glyphd's.
        config.launcher = Some(GLYPHD.into());
        // The tests speak with their plugins through files of the plugins' folders.
        config.sandbox = Sandbox::Off;
        change(&mut config);
        start_once(&mut config);
        let daemon = within("the daemon's start", Daemon::start(config)).await.unwrap();
        Self { daemon, dir }
    }

    pub(crate) fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    pub(crate) fn proxy(&self) -> SocketAddr {
        self.daemon.addresses().proxy
    }

    pub(crate) fn metrics(&self) -> SocketAddr {
        self.daemon.addresses().metrics
    }

    pub(crate) fn control(&self) -> &Path {
        &self.daemon.addresses().control
    }

    /// Where it records.
    pub(crate) fn recording(&self) -> PathBuf {
        self.dir.path().join("recording")
    }

    /// A new connection to the proxy.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.proxy()).await
    }

    /// Waits until no plugin is starting any more.
    pub(crate) async fn plugins_settled(&self) {
        within("the plugins", self.daemon.plugins_settled()).await;
    }

    /// The daemon alone, for who reads its files himself.
    pub(crate) fn into_daemon(self) -> Daemon {
        self.daemon
    }

    /// Stops it, and reads back what it wrote.
    pub(crate) async fn drain(self) -> Recorded {
        let summary = within("the daemon's end", self.daemon.drain()).await.unwrap();
        Recorded::read(self.dir.path().join("recording"), summary, self.dir)
    }
}

/// Plugins whose process ends are not started again, unless the test says so: what it counts would depend on time.
fn start_once(config: &mut Config) {
    let manifests =
        config.plugins_dir.as_deref().and_then(|dir| manifest::load_all(dir).ok()).unwrap_or_default();
    for manifest in manifests {
        let policy = config.policy.plugins.entry(manifest.name).or_default();
        policy.restarts = policy.restarts.or(Some(0));
    }
}
