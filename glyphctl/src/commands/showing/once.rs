//! One run: the plugins are started, shown every flow, and ended. In: manifests, policy, flows. Out: what they left, or why
//! one did not come to the end.

use std::time::Duration;

use anyhow::{Context, anyhow};
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
pub(in crate::commands) struct Run {
    manifests: Vec<Manifest>,
    policy: Policy,
    sandbox: Sandbox,
    /// How long a flow may wait, and how long the plugins have for the last ones.
    patience: Duration,
    /// What gives them longer.
    longer: &'static str,
}

/// Why not all flows were shown.
#[derive(Debug)]
enum Halt {
    /// The plugins did not connect in time.
    Late,
    /// That one was not there, or not any more.
    Gone(String),
    /// Somebody kept a flow waiting for too long.
    Slow,
    /// The flows can't be read.
    Unreadable(anyhow::Error),
    /// The user does not want to wait.
    Interrupted,
}

impl Run {
    /// With all that the plugins ask for, or with what the policy grants them. They are started, whatever the policy says.
    pub(in crate::commands) fn new(
        manifests: Vec<Manifest>,
        policy: Option<Policy>,
        sandbox: Sandbox,
        patience: Duration,
        longer: &'static str,
    ) -> Self {
        let is_said = policy.is_some();
        let mut policy = policy.unwrap_or_default();
        for manifest in &manifests {
            let plugin = policy.plugins.entry(manifest.name.clone()).or_default();
            plugin.start = Some(true);
            if !is_said {
                plugin.grant = Some(manifest.capabilities.clone());
                plugin.limits = manifest.limits.clone();
                plugin.read = manifest.read.iter().map(|path| manifest.path(path)).collect();
                plugin.write = manifest.write.iter().map(|path| manifest.path(path)).collect();
            }
        }
        Self { manifests, policy, sandbox, patience, longer }
    }

    /// Runs it; what each of them found, and none if the user did not want to wait for the end.
    pub(in crate::commands) async fn once(
        &self,
        source: &Source<'_>,
        heard: &Heard,
        signals: &mut Signals,
    ) -> anyhow::Result<Option<Vec<Found>>> {
        let names = self.names();
        let mut flows = source.flows_with_warnings()?;
        heard.begin(&self.title());
        let showing = Showing::start(self.manifests.clone(), &self.policy, self.sandbox).await?;
        let mut shown = 0;
        let halted = tokio::select! {
            halted = self.show(&showing, &mut flows, heard, &mut shown) => halted,
            _ = signals.next() => Err(Halt::Interrupted),
        };
        let patience = if halted.is_ok() { self.patience } else { Duration::ZERO };
        let left = tokio::select! {
            left = showing.finish(patience) => Some(left),
            _ = signals.next() => None,
        };
        heard.end();
        let Some(left) = left else { return Ok(None) };
        let audits: Vec<_> = self.manifests.iter().map(|m| outcome::of(&m.name, &left.audit)).collect();
        let asked: u64 = audits.iter().map(|audit| outcome::subscriptions(audit)).sum();
        let asked = shown.saturating_mul(asked);
        let failure = |name: &str| {
            let unanswered = asked.saturating_sub(left.answered);
            outcome::failure(name, &outcome::of(name, &left.audit), unanswered, heard)
        };
        match halted {
            Ok(()) if left.answered >= asked => {}
            Err(Halt::Interrupted) => return Ok(None),
            Err(Halt::Unreadable(error)) => return Err(error),
            Err(Halt::Late) => {
                let error = anyhow!("{names} did not connect within {CONNECT:?}");
                return Err(outcome::with_last_line(error, heard).hint(outcome::CONNECT_HINT));
            }
            Err(Halt::Slow) => {
                let seconds = self.patience.as_secs();
                let error = anyhow!("{names} kept a flow waiting for more than {seconds} s");
                return Err(error.hint(self.longer));
            }
            Err(Halt::Gone(name)) => return Err(failure(&name)),
            Ok(()) => {
                let early = audits.iter().position(|audit| outcome::has_ended_early(audit)).unwrap_or(0);
                return Err(failure(self.manifests.get(early).map_or("", |m| &m.name)));
            }
        }
        let found = self.manifests.iter().zip(audits);
        Ok(Some(found.map(|(m, audit)| outcome::found(m, shown, &left.findings, &audit)).collect()))
    }

    /// What is shown while it runs.
    fn title(&self) -> String {
        self.manifests.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Who is shown the flows, in words.
    fn names(&self) -> String {
        match &self.manifests[..] {
            [one] => format!("the plugin {}", one.name),
            _ => format!("one of the plugins {}", self.title()),
        }
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

    /// Whether the plugins are still there. Nobody is starting any more, so that this does not wait.
    async fn connected(&self, showing: &Showing) -> Result<(), Halt> {
        let states = showing.settled().await;
        let is_gone = |manifest: &&Manifest| states.get(&manifest.name) != Some(&State::Connected);
        self.manifests.iter().find(is_gone).map_or(Ok(()), |gone| Err(Halt::Gone(gone.name.clone())))
    }
}
