//! What one plugin gets: of what its manifest asks for, what the operator grants, and how much of it.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use glyph_plugin::Capability;

use crate::dispatch::QueueOptions;

/// What a plugin may do, and how it is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// What it may do.
    pub capabilities: Arc<[Capability]>,
    /// Whether glyphd starts it.
    pub start: bool,
    /// Files of its folder and the SHA-256 that each must have, in lower-case hexadecimal.
    pub sha256: BTreeMap<PathBuf, String>,
    /// Where its deliveries wait.
    pub queue: QueueOptions,
    /// How many findings a second are taken, on average.
    pub findings_per_second: u32,
}

/// Unless the operator says otherwise.
pub const FINDINGS_PER_SECOND: u32 = 1_000;
