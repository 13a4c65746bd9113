//! The stages behind sanitize, wired: dispatch, the bus, the plugins' processes, and what they leave. They are the same
//! behind a proxy and behind a recording.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{StartError, sockets::BusPlace};
use crate::{
    audit::Audit,
    dispatch::Dispatcher,
    findings::Findings,
    launcher::{Launcher, Sandbox},
    netgate::Netgate,
    plugin::{
        Access, Allowance, Bus, HeartbeatOptions, Issuer, Plugin, Roster, Sessions, Shutdown, Supervisor,
        manifest::Manifest,
    },
    sanitize::Sanitizer,
    telemetry::Telemetry,
};

/// How long connections to the plugin bus have, in the end, to close.
const BUS_DRAIN: Duration = Duration::from_secs(1);

/// What the stages are made of.
pub(super) struct Parts {
    pub(super) manifests: Vec<Manifest>,
    /// What each plugin gets, by its name.
    pub(super) allowances: BTreeMap<String, Allowance>,
    pub(super) heartbeat: HeartbeatOptions,
    pub(super) token_life: Duration,
    pub(super) bus: BusPlace,
    /// None, if no plugin is to be started.
    pub(super) launcher: Option<Launcher>,
    pub(super) sanitizer: Arc<Sanitizer>,
    pub(super) findings: Findings,
    pub(super) netgate: Netgate,
    pub(super) audit: Arc<Audit>,
    pub(super) telemetry: Telemetry,
}

/// The running stages.
pub(super) struct PluginStages {
    pub(super) dispatcher: Dispatcher,
    pub(super) roster: Roster,
    pub(super) issuer: Issuer,
    /// Announces the end: `begun` first, while exchanges still end.
    pub(super) shutdown: Shutdown,
    sessions: Sessions,
    stop_bus: CancellationToken,
    bus: JoinHandle<()>,
    supervisor: JoinHandle<()>,
}

impl PluginStages {
    pub(super) fn start(parts: Parts) -> Self {
        let Parts {
            manifests,
            allowances,
            heartbeat,
            token_life,
            bus: place,
            launcher,
            sanitizer,
            findings,
            netgate,
            audit,
            telemetry,
        } = parts;
        let dispatcher = Dispatcher::new(telemetry.clone());
        let allowances = Arc::new(allowances);
        let started = manifests.into_iter().filter_map(|manifest| {
            let allowance = allowances.get(&manifest.name)?.clone();
            allowance.start.then_some(Plugin { manifest, allowance })
        });
        let plugins: Vec<_> = started.collect();
        let bus = Bus {
            access: Access::new(token_life),
            allowances: Arc::clone(&allowances),
            roster: Roster::of(plugins.iter().map(|p| p.manifest.name.clone())),
            dispatcher: dispatcher.clone(),
            findings: findings.clone(),
            sanitizer,
            audit: Arc::clone(&audit),
            telemetry: telemetry.clone(),
            heartbeat,
            netgate,
            sessions: Sessions::default(),
        };
        let issuer = Issuer { access: bus.access.clone(), allowances, audit: Arc::clone(&audit) };
        let (shutdown, stop_bus) = (Shutdown::default(), CancellationToken::new());
        let supervisor = launcher.map(|launcher| Supervisor {
            bus: place.seat,
            launcher: Arc::new(launcher),
            issuer: issuer.clone(),
            roster: bus.roster.clone(),
            findings,
            audit,
            telemetry,
            shutdown: shutdown.clone(),
        });
        Self {
            dispatcher,
            roster: bus.roster.clone(),
            issuer,
            sessions: bus.sessions.clone(),
            bus: tokio::spawn(bus.serve(place.listener, stop_bus.clone())),
            supervisor: tokio::spawn(async move {
                if let Some(supervisor) = supervisor {
                    supervisor.run(plugins).await;
                }
            }),
            shutdown,
            stop_bus,
        }
    }

    /// Lets the plugins work off what is in their queues, for at most `patience`, and ends everything.
    pub(super) async fn drain(self, patience: Duration) {
        self.shutdown.begun.cancel();
        self.dispatcher.close();
        self.sessions.tasks.close();
        if timeout(patience, self.sessions.tasks.wait()).await.is_err() {
            tracing::warn!("plugins that took too long were cut off");
            self.sessions.cut.cancel();
            self.sessions.tasks.wait().await;
        }
        self.shutdown.stop.cancel();
        drop(self.supervisor.await);
        self.stop_bus.cancel();
        let mut bus = self.bus;
        // A plugin's child that has fled from its group may still hang on it.
        if timeout(BUS_DRAIN, &mut bus).await.is_err() {
            bus.abort();
        }
    }
}

/// What starts plugins: this executable, if no other is given. Which walls it lacks is told here, once. There is none
/// if no plugin is to be started; but walls that are required are asked for all the same.
pub(super) fn launcher(
    executable: Option<PathBuf>,
    sandbox: Sandbox,
    allowances: &BTreeMap<String, Allowance>,
    manifests: &[Manifest],
) -> Result<Option<Launcher>, StartError> {
    let is_started = |m: &Manifest| allowances.get(&m.name).is_some_and(|allowance| allowance.start);
    if sandbox != Sandbox::Required && !manifests.iter().any(is_started) {
        return Ok(None);
    }
    let executable = executable.map_or_else(std::env::current_exe, Ok).map_err(StartError::Runtime)?;
    let launcher = Launcher::new(executable, sandbox)?;
    for lack in launcher.lacks() {
        let (wall, why) = (lack.wall.as_str(), &lack.why);
        match lack.wall.is_required() {
            true => tracing::warn!(wall, why, "plugins do without a wall"),
            false => tracing::info!(wall, why, "plugins do without a wall"),
        }
    }
    Ok(Some(launcher))
}
