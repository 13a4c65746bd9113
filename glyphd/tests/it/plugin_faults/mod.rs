//! What a plugin can do wrong, each on a running daemon with another plugin beside it: after each fault the daemon
//! lives, the other is served, and the record says what happened.

mod access;
mod messages;
mod findings;
mod silence;
mod ends;
mod audit;

use glyph_formats::{AuditEntry, Decision};
use glyphd::{Config, policy::Policy};

use crate::harness::{FakeOrigin, PluginsDir, Recorded, TestDaemon, Witness, plugin::Seat, told};

/// The plugin that does something wrong.
const GUEST: &str = "guest";

/// A daemon with a plugin that does all as it should, and a seat for one that does not.
struct Scene {
    origin: FakeOrigin,
    daemon: TestDaemon,
    witness: Witness,
    guest: Seat,
    _plugins: PluginsDir,
}

/// What the operator says of the two. The witness has room for all that the tests do while it is busy.
fn policy(guest: &str) -> Policy {
    toml::from_str(&format!("[plugins.witness]\nqueue_capacity = 100000\n[plugins.{GUEST}]\n{guest}\n"))
        .unwrap()
}

impl Scene {
    async fn set() -> Self {
        Self::with("", |_| {}).await
    }

    /// With keys of the guest's policy, and a configuration that is changed.
    async fn with(guest: &str, change: impl FnOnce(&mut Config)) -> Self {
        let plugins = PluginsDir::new();
        let (witness, seat) = (plugins.fake("witness"), plugins.fake(GUEST));
        let daemon = TestDaemon::with(|config| {
            config.plugins_dir = Some(plugins.path());
            config.policy = policy(guest);
            change(config);
        })
        .await;
        let witness = Witness::of(witness.take().await);
        Self { origin: FakeOrigin::ok().await, daemon, witness, guest: seat, _plugins: plugins }
    }

    /// The proxy answers, and the other plugin is shown it.
    async fn others_are_served(&mut self) {
        self.witness.is_served(self.daemon.proxy(), &self.origin).await;
    }

    /// Waits until the guest is doing so.
    async fn guest_is(&self, state: &str) {
        told::until_plugin(self.daemon.metrics(), GUEST, state).await;
    }

    /// The value of a series about the guest.
    async fn counted(&self, name: &str, label: (&str, &str)) -> f64 {
        told::counted(self.daemon.metrics(), name, &[("plugin", GUEST), label]).await
    }

    async fn drain(self) -> Recorded {
        let recorded = self.daemon.drain().await;
        self.witness.ended().await;
        recorded
    }
}

/// The guest's entries of that kind.
fn guests<'a>(recorded: &'a Recorded, event: &str, decision: Decision) -> Vec<&'a AuditEntry> {
    let mut entries = recorded.audited(event, decision);
    entries.retain(|entry| entry.plugin.as_deref() == Some(GUEST));
    entries
}

/// Its only one.
#[track_caller]
fn only<'a>(recorded: &'a Recorded, event: &str, decision: Decision) -> &'a AuditEntry {
    let entries = guests(recorded, event, decision);
    assert_eq!(entries.len(), 1, "{event} {decision:?}: {:#?}", recorded.audit);
    entries[0]
}

/// What the entry says under that name.
#[track_caller]
fn noted(entry: &AuditEntry, name: &str) -> String {
    entry.metadata.get(name).unwrap_or_else(|| panic!("no {name} in {entry:?}")).to_string()
}

/// The guest's session was ended for what it did, and everybody is told.
#[track_caller]
fn assert_barred(recorded: &Recorded, fault: &str, reason: &str) {
    let closed = only(recorded, "session_closed", Decision::Deny);
    let why = closed.reason.as_ref().unwrap();
    assert!(why.contains(reason), "{why}");
    let faults = ["protocol", "heartbeat", "denials"].map(|fault| {
        (fault, recorded.counted("glyph_plugin_errors_total", &[("plugin", GUEST), ("reason", fault)]))
    });
    for (kind, count) in faults {
        assert!((count - f64::from(u8::from(kind == fault))).abs() < 0.5, "{faults:?}");
    }
    assert_eq!(
        recorded.times("token_issued", Decision::Allow),
        2,
        "it gets no other token: {:#?}",
        recorded.audit
    );
}
