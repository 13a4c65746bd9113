//! A plugin's own requests, on a running daemon: what comes back, what is denied and to whom that is told, and what
//! becomes of servers that behave badly.

mod answers;
mod denials;
mod redirects;
mod servers;
mod limits;
mod ends;
mod canaries;
mod sdk;
mod python;

use glyph_plugin::Capability;
use glyphd::Config;

use crate::harness::{FakeOrigin, Guest, TestDaemon, outlet::open_to};

/// A daemon, a plugin that may fetch everything, and a server on the loopback interface, which is open to it.
struct Scene {
    daemon: TestDaemon,
    guest: Guest,
    origin: FakeOrigin,
}

impl Scene {
    async fn active() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of(Capability::CapHttpActive, FakeOrigin::ok().await, change).await
    }

    async fn of(capability: Capability, origin: FakeOrigin, change: impl FnOnce(&mut Config)) -> Self {
        let daemon = TestDaemon::with(|config| {
            open_to(config, &[("guest", capability)]);
            change(config);
        })
        .await;
        let guest = Guest::of(&daemon, "guest").await;
        Self { daemon, guest, origin }
    }
}
