//! Glyph's plugin bus, for both ends of it: the wire types, and the SDK with which a plugin is written in Rust.
//!
//! A plugin implements [`Plugin`] and calls [`run`]:
//!
//! ```no_run
//! use glyph_plugin::{Finding, FlowEvent, Plugin, Report, Severity, Subscription};
//!
//! struct Teapots;
//!
//! impl Plugin for Teapots {
//!     fn version(&self) -> &str {
//!         "0.1.0"
//!     }
//!
//!     fn subscriptions(&self) -> &[Subscription] {
//!         &[Subscription::FlowResponse]
//!     }
//!
//!     fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
//!         if event.response.as_ref().is_some_and(|r| r.status == 418) {
//!             report.finding(Finding::new("teapots.found", Severity::Info, "the server is a teapot"));
//!         }
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), glyph_plugin::RunError> {
//!     glyph_plugin::run(Teapots).await
//! }
//! ```
//!
//! A plugin that was granted it fetches something of its own with [`Report::fetch`].
//!
//! `docs/plugins.md` leads from there to a plugin that runs.
//!
//! Not here: the daemon's side of the bus, which is in `glyphd/src/plugin/`.

mod plugin;
mod fetch;
mod place;
mod worker;
mod run;
pub mod encoded;

/// The messages and the plugin's side of the services, generated from `proto/glyph_plugin_v1.proto`; the comments there
/// are the specification.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod wire {
    include!("generated/glyph.plugin.v1.rs");
}

/// The daemon's side of the services, generated from the same file.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod server {
    include!("generated/server.rs");
    pub use netgate_server::{Netgate, NetgateServer};
    pub use plugin_bus_server::{PluginBus, PluginBusServer};
}

pub use fetch::{Fetch, FetchError, Fetched};
pub use plugin::{Plugin, Report};
pub use run::{RunError, run};
pub use wire::{
    Capability, DenialReason, FailureKind, Finding, FlowEvent, FlowRequest, Phase, Refused, Severity,
    Subscription,
};

/// The version of the protocol: what Hello and Welcome say.
pub const PROTOCOL_VERSION: u32 = 1;

/// How many events the daemon sends ahead of a plugin's answers. The rest waits in the plugin's queue.
pub const WINDOW: usize = 64;

/// The metadata key under which the session secret travels.
pub const SESSION_METADATA: &str = "glyph-session";

/// The metadata key under which W3C Trace Context travels.
pub const TRACE_METADATA: &str = "traceparent";

/// What a plugin that says nothing of it can take, in bytes: the default of gRPC's libraries.
pub const DEFAULT_MESSAGE_BYTES: u32 = 4 << 20;

/// The least that a plugin must be able to take, in bytes.
pub const LEAST_MESSAGE_BYTES: u32 = 1 << 20;

/// The variables by which the daemon tells a plugin process what it needs to know.
pub mod env {
    /// The address of the bus: `unix:PATH`, or `https://HOST:PORT`.
    pub const BUS: &str = "GLYPH_BUS";
    /// For an address with TLS, the file with the certificates to trust, PEM.
    pub const CA: &str = "GLYPH_BUS_CA";
    /// The plugin's name, as in its manifest.
    pub const NAME: &str = "GLYPH_PLUGIN_NAME";
    /// The token that buys a session.
    pub const TOKEN: &str = "GLYPH_PLUGIN_TOKEN";
    /// The descriptor from which further tokens can be read, a line each: `0`, standard input. Not set for a plugin
    /// that the daemon did not start: it has the one token.
    pub const TOKENS_FD: &str = "GLYPH_PLUGIN_TOKENS_FD";
    /// W3C Trace Context of the span `plugin.runner.exec`, for what the plugin does of itself.
    pub const TRACEPARENT: &str = "TRACEPARENT";
}
