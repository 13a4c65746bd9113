//! What is to be started, and how it ended.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// What a program may use. None is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// CPU time of each of its processes.
    pub cpu: Option<Duration>,
    /// Memory of all its processes together, where there is a cgroup; else address space of each.
    pub memory_bytes: Option<u64>,
    /// Address space of each of its processes. Runtimes reserve far more than they use.
    pub address_space_bytes: Option<u64>,
    /// The size of each file that it writes.
    pub file_bytes: Option<u64>,
    /// Open files of each of its processes.
    pub open_files: Option<u64>,
    /// Its processes and threads.
    pub processes: Option<u64>,
    /// How long it may run.
    pub wall: Option<Duration>,
}

/// Where the plugin bus is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bus {
    /// A Unix socket.
    Socket(PathBuf),
    /// A TCP port. The program then shares the host's network, and may connect to this port alone.
    Port(u16),
}

/// What is to be started, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// For names of processes, directories and cgroups.
    pub name: String,
    /// The program and its arguments. A relative program with a `/` in it is looked for in `dir`, one without in the
    /// `PATH` of `env`.
    pub command: Vec<String>,
    /// Its own directory, absolute: it is started there, and may read and execute what is in it.
    pub dir: PathBuf,
    /// Its whole environment; the launcher adds `TMPDIR`.
    pub env: BTreeMap<String, String>,
    /// sha256 in hex of files, by their path, absolute or relative to `dir`: the program sees these files with this
    /// content, whatever becomes of them afterwards.
    pub pinned: BTreeMap<PathBuf, String>,
    /// What it may use.
    pub limits: Limits,
    /// Files and directories that it may read, beside its own and the system's.
    pub read: Vec<PathBuf>,
    /// Files and directories that it may also write.
    pub write: Vec<PathBuf>,
    /// The one thing that it may connect to.
    pub bus: Option<Bus>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What its first process ended with.
    pub status: Status,
    /// Why, if it neither ended well nor was asked to.
    pub termination: Option<Termination>,
    /// What it has used.
    pub usage: Usage,
}

/// What a process ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// Why a program ended that should not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Termination {
    /// It has run as long as it may.
    Timeout,
    /// The kernel killed it for its memory.
    MemoryLimit,
    /// It has used as much CPU time as it may.
    CpuLimit,
    /// Somebody else killed it.
    Killed,
    /// It failed by itself.
    Crashed,
}

impl Termination {
    /// For a label: a closed set.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::MemoryLimit => "memory_limit",
            Self::CpuLimit => "cpu_limit",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
        }
    }
}

/// What a program's first process, and those of its children that it has waited for, have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time of its own.
    pub cpu_user: Duration,
    /// CPU time of the kernel for it.
    pub cpu_system: Duration,
    /// The most memory that one process has had.
    pub max_rss_bytes: u64,
    /// From start to end.
    pub wall: Duration,
}
