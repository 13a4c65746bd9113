//! `[limits]`: what a plugin's processes may use. A manifest says what the plugin wants, the operator's configuration
//! the most that it gets, and `LimitsTable::within` is what comes of both.

use std::{num::NonZeroU64, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::launcher::Limits;

const MIB: u64 = 1 << 20;

/// The table, with its units in the names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsTable {
    /// CPU time of each process, over its whole life; without a limit by default.
    pub cpu_seconds: Option<NonZeroU64>,
    /// Memory of all processes together, where there is a cgroup; else address space of each. 2048 by default.
    pub memory_mib: Option<NonZeroU64>,
    /// Address space of each process. Runtimes reserve far more than they use; without a limit by default.
    pub address_space_mib: Option<NonZeroU64>,
    /// The size of each file that is written; 1024 by default.
    pub file_mib: Option<NonZeroU64>,
    /// Open files of each process; 1024 by default.
    pub open_files: Option<NonZeroU64>,
    /// Processes and threads; 256 by default.
    pub processes: Option<NonZeroU64>,
    /// How long a process may run; without a limit by default.
    pub wall_seconds: Option<NonZeroU64>,
}

/// The most, where the operator says nothing: time is not limited, since plugins run as long as the daemon.
const DEFAULT: LimitsTable = LimitsTable {
    cpu_seconds: None,
    memory_mib: NonZeroU64::new(2_048),
    address_space_mib: None,
    file_mib: NonZeroU64::new(1_024),
    open_files: NonZeroU64::new(1_024),
    processes: NonZeroU64::new(256),
    wall_seconds: None,
};

impl LimitsTable {
    /// The lesser of what is wanted and what is granted, or else of the default.
    pub(crate) fn within(&self, granted: &Self) -> Self {
        let least = |of: fn(&Self) -> Option<NonZeroU64>| {
            let most = of(granted).or(of(&DEFAULT));
            of(self).into_iter().chain(most).min()
        };
        Self {
            cpu_seconds: least(|t| t.cpu_seconds),
            memory_mib: least(|t| t.memory_mib),
            address_space_mib: least(|t| t.address_space_mib),
            file_mib: least(|t| t.file_mib),
            open_files: least(|t| t.open_files),
            processes: least(|t| t.processes),
            wall_seconds: least(|t| t.wall_seconds),
        }
    }

    /// Each limit with its name, in the order of the documentation.
    pub fn named(&self) -> [(&'static str, Option<u64>); 7] {
        [
            ("cpu_seconds", self.cpu_seconds),
            ("memory_mib", self.memory_mib),
            ("address_space_mib", self.address_space_mib),
            ("file_mib", self.file_mib),
            ("open_files", self.open_files),
            ("processes", self.processes),
            ("wall_seconds", self.wall_seconds),
        ]
        .map(|(name, limit)| (name, limit.map(NonZeroU64::get)))
    }
}

impl From<&LimitsTable> for Limits {
    fn from(table: &LimitsTable) -> Self {
        let bytes = |mib: Option<NonZeroU64>| mib.map(|mib| mib.get().saturating_mul(MIB));
        let time = |seconds: Option<NonZeroU64>| seconds.map(|seconds| Duration::from_secs(seconds.get()));
        let count = |count: Option<NonZeroU64>| count.map(NonZeroU64::get);
        Self {
            cpu: time(table.cpu_seconds),
            memory_bytes: bytes(table.memory_mib),
            address_space_bytes: bytes(table.address_space_mib),
            file_bytes: bytes(table.file_mib),
            open_files: count(table.open_files),
            processes: count(table.processes),
            wall: time(table.wall_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> LimitsTable {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_plugin_gets_no_more_than_it_wants_or_than_it_may() {
        let wanted = table("memory_mib = 256\nopen_files = 5000\ncpu_seconds = 60");
        let allowed = |wanted: &LimitsTable, granted: &LimitsTable| Limits::from(&wanted.within(granted));
        let limits = allowed(&wanted, &table("memory_mib = 4096\ncpu_seconds = 10\nprocesses = 512"));
        assert_eq!(limits.memory_bytes, Some(256 << 20), "it wants less");
        assert_eq!(limits.cpu, Some(Duration::from_secs(10)), "the operator grants less");
        assert_eq!(limits.processes, Some(512), "the operator grants more than the default");
        assert_eq!(limits.open_files, Some(1_024), "nobody grants more than the default");
        assert_eq!((limits.wall, limits.address_space_bytes), (None, None), "nobody says anything");
        assert_eq!(allowed(&table(""), &table("wall_seconds = 5")).wall, Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_limit_of_nothing_is_none() {
        let error = toml::from_str::<LimitsTable>("open_files = 0").unwrap_err().to_string();
        assert!(error.contains("nonzero"), "{error}");
    }
}
