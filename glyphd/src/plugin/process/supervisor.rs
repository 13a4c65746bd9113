//! Starts a process for each plugin, and stops it in the end. Not here yet: starting one anew that has died.

use std::sync::Arc;

use glyph_formats::{Attributes, Decision};
use tokio::task::JoinSet;

use super::runner::{self, Launch, Shutdown};
use crate::{
    audit::{Audit, Entry, Event},
    plugin::{
        Allowance, Issuer, Roster,
        digests::{self, DigestFault},
        manifest::Manifest,
    },
    telemetry::{Span, Telemetry, TraceContext, name},
};

pub(super) const COMPONENT: &str = "plugin_supervisor";

/// A plugin, and what the operator allows it.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) allowance: Allowance,
}

/// What starting a plugin needs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    /// Where plugins find the bus: variables for their processes.
    pub(crate) bus: Vec<(&'static str, String)>,
    pub(crate) issuer: Issuer,
    pub(crate) roster: Roster,
    pub(crate) audit: Arc<Audit>,
    pub(crate) telemetry: Telemetry,
}

impl Supervisor {
    /// Runs all plugins until they are to stop, and returns when the last process has ended.
    pub(crate) async fn run(self, plugins: Vec<Plugin>, shutdown: Shutdown) {
        let mut tasks = JoinSet::new();
        for plugin in plugins {
            self.telemetry.plugin_expected(&plugin.manifest.name);
            tasks.spawn(self.clone().supervise(plugin, shutdown.clone()));
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn supervise(self, plugin: Plugin, shutdown: Shutdown) {
        let mut span = self.telemetry.span(name::SUPERVISOR_TASK).start();
        let manifest = &plugin.manifest;
        span.set_with("glyph.plugin.id", || manifest.name.clone());
        span.set_with("glyph.plugin.version", || manifest.version.clone());
        let Some(token) = self.clear(&plugin, &mut span) else {
            self.roster.process_ended(&manifest.name);
            return;
        };
        let context = span.context();
        let on_signal = |signal: &'static str| {
            let reason = format!("glyphd stops, and the process has not ended by itself: {signal}");
            let (event, metadata) = (Event::PluginTerminated, Attributes::default());
            // It is ended whether or not this can be written.
            drop(self.record(manifest, event, Decision::Info, Some(reason), metadata, context));
        };
        let launch = Launch {
            manifest,
            bus: &self.bus,
            token,
            issuer: &self.issuer,
            roster: &self.roster,
            on_signal: &on_signal,
        };
        let ended = runner::exec(launch, &self.telemetry, span.context(), &shutdown).await;
        self.roster.process_ended(&manifest.name);
        let (reason, expected) = match ended {
            Ok(exit) => (exit.to_string(), exit.expected),
            Err(error) => {
                self.telemetry.plugin_failed_to_start(&manifest.name, "start", &error.to_string());
                (error.to_string(), false)
            }
        };
        if expected {
            span.succeed();
        } else {
            span.fail("plugin_exit", reason.clone());
        }
        let metadata = Attributes::default();
        // The process is gone whether or not this can be written; the failure is counted and logged.
        drop(self.record(
            manifest,
            Event::PluginStopped,
            Decision::Info,
            Some(reason),
            metadata,
            span.context(),
        ));
    }

    /// Whether the plugin may be started; its first token if so.
    fn clear(&self, plugin: &Plugin, span: &mut Span) -> Option<String> {
        let (manifest, context) = (&plugin.manifest, span.context());
        let mut metadata = Attributes::default();
        metadata.push("command", manifest.command.join(" "));
        metadata.push("version", manifest.version.clone());
        metadata.push("pinned_files", i64::try_from(plugin.allowance.sha256.len()).unwrap_or(i64::MAX));
        if let Some((name, fault)) = digests::faults(&manifest.dir, &plugin.allowance.sha256).next() {
            let path = manifest.dir.join(name);
            let reason = match fault {
                DigestFault::Io(error) => format!("{}: {error}", path.display()),
                differs => format!("{} {differs}", path.display()),
            };
            self.telemetry.plugin_failed_to_start(&manifest.name, "digest", &reason);
            span.fail("digest", reason.clone());
            // It is not started whether or not this can be written.
            drop(self.record(
                manifest,
                Event::PluginStarted,
                Decision::Deny,
                Some(reason),
                metadata,
                context,
            ));
            return None;
        }
        let recorded = self.record(manifest, Event::PluginStarted, Decision::Allow, None, metadata, context);
        let issue = || {
            let token = self.issuer.issue(COMPONENT, &manifest.name, "process", Some(context));
            token.map_err(|e| e.to_string())
        };
        match recorded.and_then(|()| issue()) {
            Ok(token) => Some(token.token),
            Err(error) => {
                self.telemetry.plugin_failed_to_start(&manifest.name, "start", &error);
                span.fail("audit", error);
                None
            }
        }
    }

    fn record(
        &self,
        manifest: &Manifest,
        event: Event,
        decision: Decision,
        reason: Option<String>,
        metadata: Attributes,
        context: TraceContext,
    ) -> Result<(), String> {
        let plugin = &manifest.name;
        let context = Some(context);
        let entry = Entry { component: COMPONENT, plugin, event, decision, reason, metadata, context };
        self.audit.record(entry).map_err(|e| e.to_string())
    }
}
