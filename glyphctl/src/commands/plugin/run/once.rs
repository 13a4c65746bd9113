//! One run: the plugin is started, shown every flow, and ended. In: manifest, policy, flows. Out: what it found, or why
//! it did not come to the end.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use glyphd::{
    Showing,
    config::Sandbox,
    plugin::{State, manifest::Manifest},
    policy::Policy,
};
use tokio::time::timeout;

use super::{heard::Heard, outcome, source::Source};
use crate::{
    commands::record::signals::Signals,
    output::{failure::HintExt, plugin::findings::Found},
};

/// How long a plugin may take to connect.
const CONNECT: Duration = Duration::from_secs(20);

/// What is run, and how.
#[derive(Debug)]
pub(super) struct Run {
    manifest: Manifest,
    policy: Policy,
    sandbox: Sandbox,
    /// How long a flow may wait, and how long the plugin has for the last ones.
    patience: Duration,
}

/// Why not all flows were shown.
#[derive(Debug)]
enum Halt {
    /// The plugin did not connect in time.
    Late,
    /// It was not there, or not any more.
    Gone,
    /// It kept a flow waiting for too long.
    Slow,
    /// The flows can't be read.
    Unreadable(anyhow::Error),
    /// The user does not want to wait.
    Interrupted,
}

impl Run {
    /// With all that the plugin asks for, or with what the policy grants it. It is started, whatever the policy says.
    pub(super) fn new(
        manifest: Manifest,
        policy: Option<Policy>,
        sandbox: Sandbox,
        patience: Duration,
    ) -> Self {
        let is_said = policy.is_some();
        let mut policy = policy.unwrap_or_default();
        let plugin = policy.plugins.entry(manifest.name.clone()).or_default();
        plugin.start = Some(true);
        if !is_said {
            plugin.grant = Some(manifest.capabilities.clone());
            plugin.limits = manifest.limits.clone();
            plugin.read = manifest.read.iter().map(|path| manifest.path(path)).collect();
            plugin.write = manifest.write.iter().map(|path| manifest.path(path)).collect();
        }
        Self { manifest, policy, sandbox, patience }
    }

    /// Runs it; none if the user did not want to wait for the end.
    pub(super) async fn once(
        &self,
        source: &Source,
        heard: &Heard,
        signals: &mut Signals,
    ) -> anyhow::Result<Option<Found>> {
        let name = &self.manifest.name;
        let mut flows = source.flows_with_warnings()?;
        heard.begin(name);
        let showing = Showing::start(vec![self.manifest.clone()], &self.policy, self.sandbox).await?;
        let mut shown = 0;
        let halted = tokio::select! {
            halted = self.show(&showing, &mut flows, heard, &mut shown) => halted,
            _ = signals.next() => Err(Halt::Interrupted),
        };
        let patience = if halted.is_ok() { self.patience } else { Duration::ZERO };
        let left = tokio::select! {
            left = showing.finish(patience) => left,
            _ = signals.next() => bail!("interrupted while the plugin finished"),
        };
        heard.end();
        let asked = shown.saturating_mul(outcome::subscriptions(&left.audit));
        match halted {
            Ok(()) if left.answered >= asked => {}
            Err(Halt::Interrupted) => return Ok(None),
            Err(Halt::Unreadable(error)) => return Err(error),
            Err(Halt::Late) => {
                let error = anyhow!("the plugin {name} did not connect within {CONNECT:?}");
                return Err(outcome::with_last_line(error, heard).hint(outcome::CONNECT_HINT));
            }
            Err(Halt::Slow) => {
                let seconds = self.patience.as_secs();
                let error = anyhow!("the plugin {name} kept a flow waiting for more than {seconds} s");
                return Err(error.hint("is it stuck? --timeout gives it longer"));
            }
            Ok(()) | Err(Halt::Gone) => {
                let unanswered = asked.saturating_sub(left.answered);
                return Err(outcome::failure(name, &left.audit, unanswered, heard));
            }
        }
        Ok(Some(outcome::found(&self.manifest, shown, left)))
    }

    /// Shows every flow.
    async fn show(
        &self,
        showing: &Showing,
        flows: &mut impl Iterator<Item = anyhow::Result<glyph_formats::Flow>>,
        heard: &Heard,
        shown: &mut u64,
    ) -> Result<(), Halt> {
        timeout(CONNECT, showing.settled()).await.map_err(|_| Halt::Late)?;
        self.connected(showing).await?;
        for flow in flows {
            let flow = flow.context("the recording").map_err(Halt::Unreadable)?;
            *shown += 1;
            timeout(self.patience, showing.show(flow)).await.map_err(|_| Halt::Slow)?;
            heard.shown();
            self.connected(showing).await?;
        }
        Ok(())
    }

    /// Whether the plugin is still there. Nobody is starting any more, so that this does not wait.
    async fn connected(&self, showing: &Showing) -> Result<(), Halt> {
        match showing.settled().await.get(&self.manifest.name) {
            Some(State::Connected) => Ok(()),
            _ => Err(Halt::Gone),
        }
    }
}
