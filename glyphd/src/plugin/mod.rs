//! Plugins: their processes, and the gRPC bus over which flows reach them and findings come back.
//!
//! In: deliveries from dispatch. Out: findings and audit entries. [`manifest`] says what a plugin asks for, `allowance`
//! what it gets ([`limits`] how much), [`digests`] whether its files are the pinned ones, `recorded` what a recording says of all of it; `process/` starts it, and starts
//! it again; the process connects to `bus/`, trades its token for a session, and `session/` serves it until it ends. Not
//! here: what stands between a process and the machine, which is for [`crate::launcher`].

pub mod manifest;
pub mod limits;
pub mod allowance;
pub mod digests;
mod recorded;
mod roster;
mod issuer;
mod rate;
mod process;
mod bus;
mod session;

use glyph_plugin::Capability;

pub use allowance::{Allowance, RestartOptions};
pub(crate) use bus::{Access, Bus, Listener, Sessions};
pub use bus::{BusAddress, TOKEN_LIFE, Token};
pub(crate) use issuer::{IssueError, Issuer};
pub(crate) use process::{BusSeat, Plugin, Shutdown, Supervisor};
pub(crate) use recorded::recorded;
pub(crate) use roster::Roster;
pub use roster::State;
pub use session::HeartbeatOptions;

/// What a plugin may do if the operator says nothing: see sanitised flows, and report findings.
pub const DEFAULT_GRANT: [Capability; 2] = [Capability::CapEmitFindings, Capability::CapFlowInspect];

/// A capability as configuration, audit and spans have it, for example `CAP_FLOW_INSPECT`.
fn names(capabilities: &[Capability]) -> Vec<String> {
    capabilities.iter().map(|c| c.as_str_name().to_owned()).collect()
}
