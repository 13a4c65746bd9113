//! Plugins that are shown the flows of a recording, for whoever wants that: `plugin run`, `replay run --through-plugins`.
//!
//! [`source`] has the flows, [`once`] shows them to the plugins by the daemon's own stages, [`heard`] is what their
//! processes write, [`outcome`] what came of it, [`difference`] how the findings of two runs differ.

pub(super) mod source;
pub(super) mod heard;
pub(super) mod once;
pub(super) mod outcome;
pub(super) mod difference;
