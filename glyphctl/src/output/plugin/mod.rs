//! What the commands for plugins print: what a check saw, what a run found, how two runs differ.

pub(crate) mod checked;
pub(crate) mod findings;
