//! What one plugin gets: of what its manifest asks for, what the operator grants, and how much of it.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use glyph_plugin::Capability;

use super::limits::LimitsTable;
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
    /// What its processes may use.
    pub limits: LimitsTable,
    /// Which files and folders they may read, beside its own folder and the system's libraries.
    pub read: Vec<PathBuf>,
    /// Those that they may write to.
    pub write: Vec<PathBuf>,
    /// When it is started again.
    pub restarts: RestartOptions,
}

/// When a plugin whose process has ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartOptions {
    /// How often in a row, before it is given up.
    pub restarts: u32,
    /// The pause before the first time, which doubles with each that follows ...
    pub backoff: Duration,
    /// ... up to that.
    pub longest_backoff: Duration,
    /// After a process that ran for so long it is counted anew.
    pub steady: Duration,
}

impl RestartOptions {
    /// Unless the operator says otherwise.
    pub const DEFAULT: Self = Self {
        restarts: 5,
        backoff: Duration::from_secs(1),
        longest_backoff: Duration::from_secs(60),
        steady: Duration::from_secs(60),
    };
}

/// Unless the operator says otherwise.
pub const FINDINGS_PER_SECOND: u32 = 1_000;
