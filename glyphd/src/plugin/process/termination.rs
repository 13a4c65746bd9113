//! An end that should not have been: a plugin's process that was ended for what it used, that somebody killed, or that
//! crashed. It is a finding of the daemon's own, an entry on the audit, and a count.

use glyph_formats::{Attributes, Decision, Finding, Severity, UnixNanos};
use ulid::Ulid;

use super::{
    entry,
    runner::Exit,
    supervisor::{Plugin, Supervisor},
};
use crate::{
    audit::Event,
    launcher::{Ending, Limits, Termination},
};

/// The finding's type.
const KIND: &str = "glyph.supervisor.termination";

impl Supervisor {
    /// Tells of it, if it was one.
    pub(super) fn terminated(&self, plugin: &Plugin, exit: &Exit) {
        let Some(ending) = &exit.ending else { return };
        let Some(termination) = ending.termination else { return };
        let name = &plugin.manifest.name;
        let reason = format!("{}: {}", sentence(termination, &(&plugin.allowance.limits).into()), exit.text);
        let mut metadata = metadata(termination, ending, &exit.text);
        let finding = Finding {
            id: Ulid::new().to_string(),
            time_unix_nano: UnixNanos::now(),
            plugin: name.clone(),
            kind: KIND.to_owned(),
            severity: Severity::High,
            message: reason.clone(),
            target: name.clone(),
            evidence: Some(exit.text.clone()),
            metadata: metadata.clone(),
            flow_id: None,
            trace_id: exit.context.trace_id,
            span_id: Some(exit.context.span_id),
        };
        metadata.push("finding_id", finding.id.clone());
        // It has ended whether or not this can be written, and the finding is kept all the same.
        let terminated =
            entry(name, Event::PluginTerminated, Decision::Info, Some(reason), metadata, exit.context);
        drop(self.audit.record(terminated));
        match self.findings.store(finding) {
            Ok(()) => self.telemetry.own_finding_stored(exit.context, name, KIND),
            Err(error) => self.telemetry.own_finding_lost(name, KIND, &error),
        }
        self.telemetry.plugin_terminated(exit.context, name, termination.as_str());
    }
}

fn metadata(termination: Termination, ending: &Ending, exit: &str) -> Attributes {
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let usage = &ending.usage;
    let mut metadata = Attributes::default();
    metadata.push("reason", termination.as_str());
    metadata.push("exit", exit.to_owned());
    metadata.push("cpu_user_ms", millis(usage.cpu_user));
    metadata.push("cpu_system_ms", millis(usage.cpu_system));
    metadata.push("max_rss_bytes", i64::try_from(usage.max_rss_bytes).unwrap_or(i64::MAX));
    metadata.push("wall_ms", millis(usage.wall));
    metadata
}

/// What has happened.
fn sentence(termination: Termination, limits: &Limits) -> String {
    let most = |limit: Option<String>| limit.map(|limit| format!(" ({limit})")).unwrap_or_default();
    let seconds = |time: Option<std::time::Duration>| most(time.map(|time| format!("{} s", time.as_secs())));
    match termination {
        Termination::Timeout => format!("the plugin ran longer than it may{}", seconds(limits.wall)),
        Termination::MemoryLimit => {
            let mebibytes = limits.memory_bytes.map(|bytes| format!("{} MiB", bytes >> 20));
            format!("the plugin needed more memory than it may{}", most(mebibytes))
        }
        Termination::CpuLimit => format!("the plugin used more CPU time than it may{}", seconds(limits.cpu)),
        Termination::Killed => "the plugin was killed, and not by glyphd".to_owned(),
        Termination::Crashed => "the plugin crashed".to_owned(),
    }
}
