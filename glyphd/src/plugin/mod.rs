//! Plugins: their processes, and the gRPC bus over which flows reach them and findings come back.
//!
//! In: deliveries from dispatch. Out: findings and audit entries. `supervisor` starts a process for each
//! [`manifest`] with `runner`; the process connects to `bus`, trades its token for a session (`access`), and
//! `session` serves it until it ends. Not here yet: limits on processes, a sandbox, raw flows.

pub mod manifest;
mod roster;
mod supervisor;
mod runner;
mod lines;
mod access;
mod bus;
mod session;
mod known_flows;
mod convert;

use glyph_plugin::Capability;

pub(crate) use access::Access;
pub(crate) use bus::Bus;
pub(crate) use roster::Roster;
pub use roster::State;
pub(crate) use runner::Shutdown;
pub(crate) use supervisor::{Plugin, Supervisor};

/// What a plugin may do if the operator says nothing: see sanitised flows, and report findings.
pub const DEFAULT_GRANT: [Capability; 2] = [Capability::CapEmitFindings, Capability::CapFlowInspect];

/// A capability as configuration, audit and spans have it, for example `CAP_FLOW_INSPECT`.
fn names(capabilities: &[Capability]) -> Vec<String> {
    capabilities.iter().map(|c| c.as_str_name().to_owned()).collect()
}
