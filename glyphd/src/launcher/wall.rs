//! The walls, by their names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whether programs are put behind walls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// Nothing is started without every wall that [`Wall::is_required`] names.
    Required,
    /// As many as can be had here.
    #[default]
    BestEffort,
    /// None; limits hold all the same.
    Off,
}

impl FromStr for Sandbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "required" => Ok(Self::Required),
            "best-effort" => Ok(Self::BestEffort),
            "off" => Ok(Self::Off),
            _ => Err(format!("{text:?} is not one of required, best-effort, off")),
        }
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::BestEffort => "best-effort",
            Self::Off => "off",
        })
    }
}

/// One thing that stands between a program and the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Wall {
    /// Landlock: files, TCP ports, signals and abstract sockets.
    Landlock,
    /// The system calls that are let through.
    Seccomp,
    /// `no_new_privs`, and no capabilities.
    Privileges,
    /// No network but its own, empty one; without it, no sockets but Unix sockets.
    Network,
    /// `setrlimit`.
    Limits,
    /// A root directory of its own, with nothing in it but what it may read.
    Root,
    /// A PID namespace: what it starts can't outlive it.
    Processes,
    /// A user id of its own.
    User,
    /// A cgroup that limits memory.
    Memory,
    /// A cgroup that limits processes.
    Tasks,
}

impl Wall {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Landlock,
        Self::Seccomp,
        Self::Privileges,
        Self::Network,
        Self::Limits,
        Self::Root,
        Self::Processes,
        Self::User,
        Self::Memory,
        Self::Tasks,
    ];

    /// For a label: a closed set.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Privileges => "no_new_privs",
            Self::Network => "network",
            Self::Limits => "limits",
            Self::Root => "root",
            Self::Processes => "pid_namespace",
            Self::User => "user",
            Self::Memory => "memory_cgroup",
            Self::Tasks => "pids_cgroup",
        }
    }

    /// Whether `--sandbox=required` insists on it. The others are put up where rights allow.
    #[must_use]
    pub fn is_required(self) -> bool {
        use Wall::{Landlock, Limits, Network, Privileges, Seccomp};
        matches!(self, Landlock | Seccomp | Privileges | Network | Limits)
    }
}

/// A wall that programs do not have here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// Which.
    pub wall: Wall,
    /// What the kernel said.
    pub why: String,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.wall.as_str(), self.why)
    }
}
