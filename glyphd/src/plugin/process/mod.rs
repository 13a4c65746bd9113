//! The processes of plugins: `supervisor` looks after one plugin from its first process to its last, as `lifecycle` says;
//! `clearance` is whether one may be started, `runner` holds it; `reconnect` hands it further tokens, `output` and
//! `lines` are what it writes, `termination` is what is told of an end that should not have been.

mod clearance;
mod lifecycle;
mod lines;
mod output;
mod reconnect;
mod runner;
mod supervisor;
mod termination;

use glyph_formats::{Attributes, Decision};

pub(crate) use self::{
    runner::BusSeat,
    supervisor::{Plugin, Shutdown, Supervisor},
};
use crate::{
    audit::{Entry, Event},
    telemetry::TraceContext,
};

/// The part of the daemon that the audit names.
const COMPONENT: &str = "plugin_supervisor";

/// An entry about a plugin's process.
fn entry(
    plugin: &str,
    event: Event,
    decision: Decision,
    reason: Option<String>,
    metadata: Attributes,
    context: TraceContext,
) -> Entry<'_> {
    Entry { component: COMPONENT, plugin, event, decision, reason, metadata, context: Some(context) }
}
