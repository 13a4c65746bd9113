//! The processes of plugins: `supervisor` starts one for each manifest with `runner`; `reconnect` hands it further
//! tokens; `lines` are what it writes.

mod lines;
mod reconnect;
mod runner;
mod supervisor;

pub(crate) use self::{
    runner::Shutdown,
    supervisor::{Plugin, Supervisor},
};
