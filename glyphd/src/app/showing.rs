//! Flows of a recording, shown to plugins: the daemon's stages behind sanitize, without a proxy before them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use glyph_formats::{AuditEntry, Finding, flow};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    StartError,
    plugins::{Parts, PluginStages},
    sockets::Sockets,
};
use crate::{
    audit::{Audit, Sink},
    dispatch::Overflow,
    findings::Findings,
    launcher::Sandbox,
    netgate::{Netgate, Surroundings},
    plugin::{HeartbeatOptions, State, TOKEN_LIFE, manifest::Manifest},
    policy::Policy,
    sanitize::{Flow, Sanitizer},
    telemetry::{Counters, Telemetry},
};

/// How long a flow waits for a plugin with a full queue.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Plugins that are being shown flows.
pub struct Showing {
    plugins: PluginStages,
    telemetry: Telemetry,
    findings: mpsc::UnboundedReceiver<Finding>,
    entries: mpsc::UnboundedReceiver<AuditEntry>,
    stop: CancellationToken,
    auditing: tokio::task::JoinHandle<()>,
    _sockets: Sockets,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    /// What the plugins found.
    pub findings: Vec<Finding>,
    /// What was decided meanwhile: denials, too.
    pub audit: Vec<AuditEntry>,
    /// How many events the plugins answered with FlowDone.
    pub answered: u64,
}

impl Showing {
    /// Starts the plugins. Flows wait for them: a plugin that is slow gets everything all the same. Nor does it matter
    /// how many findings come at once, as flows come as fast as the plugins take them.
    ///
    /// # Errors
    /// If the plugin bus's socket can't be made, or walls are required that are not to be had here.
    pub async fn start(
        manifests: Vec<Manifest>,
        policy: &Policy,
        sandbox: Sandbox,
    ) -> Result<Self, StartError> {
        let mut allowances = policy.allowances(&manifests);
        for allowance in allowances.values_mut() {
            allowance.queue.overflow = Overflow::Block(PATIENCE);
            allowance.findings_per_second = u32::MAX;
            // One that does not come to the end has failed.
            allowance.restarts.restarts = 0;
        }
        let launcher = super::plugins::launcher(None, sandbox, &allowances, &manifests)?;
        let telemetry = Telemetry::off();
        let mut sockets = Sockets::default();
        let bus = sockets.bus(None, None).await?;
        let (handed, findings) = mpsc::unbounded_channel();
        let (told, entries) = mpsc::unbounded_channel();
        let sanitizer = Arc::new(Sanitizer::default());
        let audit = Arc::new(Audit::new(Sink::Handed(told), Arc::clone(&sanitizer), telemetry.clone()));
        let stop = CancellationToken::new();
        let auditing = tokio::spawn(Arc::clone(&audit).run(stop.clone()));
        let around = Surroundings {
            sanitizer: Arc::clone(&sanitizer),
            audit: Arc::clone(&audit),
            telemetry: telemetry.clone(),
        };
        let plugins = PluginStages::start(Parts {
            manifests,
            allowances,
            heartbeat: HeartbeatOptions::default(),
            token_life: TOKEN_LIFE,
            bus,
            launcher,
            sanitizer,
            findings: Findings::Handed(handed),
            netgate: Netgate::closed(around),
            audit,
            telemetry: telemetry.clone(),
        });
        Ok(Self { plugins, telemetry, findings, entries, stop, auditing, _sockets: sockets })
    }

    /// Waits until every plugin is connected, or has failed to; returns how each is doing.
    pub async fn settled(&self) -> BTreeMap<String, State> {
        self.plugins.roster.settled().await;
        self.plugins.roster.states()
    }

    /// Shows a flow to those who subscribed to it; waits for room in their queues.
    pub async fn show(&self, record: flow::Flow) {
        let flow = Flow::recorded(record);
        self.plugins.dispatcher.dispatch(&flow, None, flow.context()).await;
    }

    /// How many events the plugins have not got, or not answered.
    pub fn lost(&self) -> u64 {
        Counters::get(&self.telemetry.counters().events_dropped)
    }

    /// Waits until the plugins have answered everything, and ends them; after `patience` they are cut off.
    pub async fn finish(mut self, patience: Duration) -> Shown {
        self.plugins.drain(patience).await;
        self.stop.cancel();
        drop(self.auditing.await);
        let mut shown =
            Shown { answered: Counters::get(&self.telemetry.counters().events_answered), ..Shown::default() };
        while let Ok(finding) = self.findings.try_recv() {
            shown.findings.push(finding);
        }
        while let Ok(entry) = self.entries.try_recv() {
            shown.audit.push(entry);
        }
        shown
    }
}
