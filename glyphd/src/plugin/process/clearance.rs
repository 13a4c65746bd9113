//! Whether a plugin's process may be started: its files are looked at, it is put on record, and it has a token. Asked
//! before each start.

use glyph_formats::{Attributes, Decision};

use super::{COMPONENT, entry, supervisor::Supervisor};
use crate::{
    audit::Event,
    plugin::{
        Plugin,
        digests::{self, DigestFault},
    },
    telemetry::TraceContext,
};

/// Why it may not.
#[derive(Debug)]
pub(super) enum Denial {
    /// A file is not the one that is pinned.
    Digest(String),
    /// It can't be put on record.
    Audit(String),
}

impl Supervisor {
    /// The first token of a process that may be started.
    pub(super) fn clear(&self, plugin: &Plugin, context: TraceContext) -> Result<String, Denial> {
        let (name, allowance) = (&plugin.manifest.name, &plugin.allowance);
        if let Some((path, fault)) = digests::faults(&plugin.manifest.dir, &allowance.sha256).next() {
            let path = plugin.manifest.dir.join(path);
            let reason = match fault {
                DigestFault::Io(error) => format!("{}: {error}", path.display()),
                differs => format!("{} {differs}", path.display()),
            };
            self.deny(plugin, &reason, context);
            return Err(Denial::Digest(reason));
        }
        let start = entry(name, Event::PluginStarted, Decision::Allow, None, metadata(plugin), context);
        self.audit.record(start).map_err(|e| Denial::Audit(e.to_string()))?;
        let token = self.issuer.issue(COMPONENT, name, "process", Some(context));
        Ok(token.map_err(|e| Denial::Audit(e.to_string()))?.token)
    }

    /// Puts on record that it is not started.
    pub(super) fn deny(&self, plugin: &Plugin, reason: &str, context: TraceContext) {
        let (name, reason) = (&plugin.manifest.name, Some(reason.to_owned()));
        // It is not started whether or not this can be written.
        drop(self.audit.record(entry(
            name,
            Event::PluginStarted,
            Decision::Deny,
            reason,
            metadata(plugin),
            context,
        )));
    }
}

fn metadata(plugin: &Plugin) -> Attributes {
    let mut metadata = Attributes::default();
    metadata.push("command", plugin.manifest.command.join(" "));
    metadata.push("version", plugin.manifest.version.clone());
    let pinned = i64::try_from(plugin.allowance.sha256.len()).unwrap_or(i64::MAX);
    metadata.push("pinned_files", pinned);
    metadata
}
