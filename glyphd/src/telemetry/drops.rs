//! Flows that were not recorded, by reason: counted one by one, told together.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a flow was not recorded: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// Exchanges came faster than they could be sanitised and shown to plugins, for longer than is waited.
    QueueFull,
    /// The flow log's thread did not keep up, or its disk hung, for longer than is waited.
    LogFull,
    /// The disk refused, until what may wait for it in memory was full, or the daemon stopped.
    DiskRefused,
    /// The daemon had stopped.
    Stopped,
}

impl DropReason {
    pub(crate) const ALL: [Self; 4] = [Self::QueueFull, Self::LogFull, Self::DiskRefused, Self::Stopped];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::LogFull => "log_full",
            Self::DiskRefused => "disk_refused",
            Self::Stopped => "stopped",
        }
    }
}

/// How many were dropped since that was told last.
#[derive(Debug, Default)]
pub(super) struct Drops {
    untold: [AtomicU64; DropReason::ALL.len()],
}

impl Drops {
    pub(super) fn add(&self, flows: u64, reason: DropReason) {
        self.untold[reason as usize].fetch_add(flows, Ordering::Relaxed);
    }

    /// What is to be told now.
    pub(super) fn take(&self) -> impl Iterator<Item = (DropReason, u64)> {
        let take = |reason: DropReason| (reason, self.untold[reason as usize].swap(0, Ordering::Relaxed));
        DropReason::ALL.into_iter().map(take).filter(|(_, flows)| *flows > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_not_told_again() {
        let drops = Drops::default();
        drops.add(2, DropReason::LogFull);
        drops.add(1, DropReason::LogFull);
        drops.add(5, DropReason::Stopped);
        let told: Vec<_> = drops.take().collect();
        assert_eq!(told, [(DropReason::LogFull, 3), (DropReason::Stopped, 5)]);
        assert_eq!(drops.take().count(), 0);
    }
}
