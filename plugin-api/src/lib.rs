//! Glyph's plugin bus, for both ends of it: the wire types, and the SDK with which a plugin is written in Rust.
//!
//! A plugin implements [`Plugin`] and calls [`run`]:
//!
//! ```no_run
//! use glyph_plugin::{Capability, Finding, FlowEvent, Plugin, Report, Severity, Subscription};
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
//! Not here: the daemon's side of the bus, which is in `glyphd/src/plugin/`.

mod plugin;
mod run;

/// The messages and the service, generated from `proto/glyph_plugin_v1.proto`; the comments there are the
/// specification.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod wire {
    include!("generated/glyph.plugin.v1.rs");
}

pub use plugin::{Plugin, Report};
pub use run::{RunError, run};
pub use wire::{Capability, Finding, FlowEvent, Phase, Severity, Subscription};

/// The version of the protocol: what Hello and Welcome say.
pub const PROTOCOL_VERSION: u32 = 1;

/// The metadata key under which the session secret travels.
pub const SESSION_METADATA: &str = "glyph-session";

/// The variables by which the daemon tells a plugin process what it needs to know.
pub mod env {
    /// The address of the bus, `unix:PATH`.
    pub const BUS: &str = "GLYPH_BUS";
    /// The plugin's name, as in its manifest.
    pub const NAME: &str = "GLYPH_PLUGIN_NAME";
    /// The token that buys a session.
    pub const TOKEN: &str = "GLYPH_PLUGIN_TOKEN";
}
