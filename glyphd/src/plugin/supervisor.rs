//! Starts a process for each plugin, and stops it in the end. Not here yet: starting one anew that has died.

use std::{sync::Arc, time::Instant};

use glyph_formats::{Attributes, Decision};
use glyph_plugin::Capability;
use tokio::task::JoinSet;

use super::{
    Access, Roster, State,
    manifest::Manifest,
    runner::{self, Launch, Shutdown},
};
use crate::{
    audit::{Audit, Entry, Event},
    telemetry::{Telemetry, TraceContext, name},
};

const COMPONENT: &str = "plugin_supervisor";

/// A plugin, and what the operator allows it.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) granted: Vec<Capability>,
}

/// What starting a plugin needs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    pub(crate) bus_address: String,
    pub(crate) access: Access,
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
        let mut metadata = Attributes::default();
        metadata.push("command", manifest.command.join(" "));
        metadata.push("version", manifest.version.clone());
        if let Err(error) =
            self.record(manifest, Event::PluginStarted, Decision::Allow, None, metadata, span.context())
        {
            span.fail("audit", error);
            self.roster.set(&manifest.name, State::Gone);
            return;
        }
        let launch = Launch {
            manifest,
            bus_address: &self.bus_address,
            token: self.access.issue(&manifest.name, plugin.granted.clone(), Instant::now()),
        };
        let ended = runner::exec(launch, &self.telemetry, span.context(), &shutdown).await;
        self.roster.set(&manifest.name, State::Gone);
        let (reason, expected) = match ended {
            Ok(exit) => (exit.to_string(), exit.expected),
            Err(error) => {
                self.telemetry.plugin_failed_to_start(&manifest.name, &error.to_string());
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
        let entry = Entry { component: COMPONENT, plugin, event, decision, reason, metadata, context };
        self.audit.record(entry).map_err(|e| e.to_string())
    }
}
