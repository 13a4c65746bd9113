//! The processes of plugins: `supervisor` starts one for each manifest with `runner`, after `digests` has looked at its
//! files; `reconnect` hands it further tokens; `lines` are what it writes.

mod digests;
mod lines;
mod reconnect;
mod runner;
mod supervisor;

pub(crate) use self::{
    runner::Shutdown,
    supervisor::{Plugin, Supervisor},
};
