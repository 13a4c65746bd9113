//! Starts other people's programs behind walls. The daemon's executable is started anew as a launcher, single-threaded,
//! which puts limits and walls up around itself, starts the program inside and stays as its parent: whatever the
//! program starts dies with it, and all of it dies with the daemon. A plan goes in, and a process with its ending comes
//! out; which plugin runs when, and what may be in a plan, is not decided here.

mod launched;
mod plan;
mod wall;

use std::{io, path::PathBuf};

pub use self::{
    launched::Launched,
    plan::{Bus, Ending, Limits, Plan, Status, Termination, Usage},
    wall::{Lack, Sandbox, Wall},
};

/// The first line of a `main`, before there is a thread or a runtime: a process that was started as a launcher does its
/// work here, and does not return.
pub fn run_if_asked() {}

/// Why there is no launcher.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Walls were required, and this machine does not have them.
    #[error("--sandbox=required, but there is no {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; no "))]
    Lacks(Vec<Lack>),
    /// It could not be found out which walls there are.
    #[error("{}: {source}", .executable.display())]
    Probe {
        /// What was started.
        executable: PathBuf,
        /// What happened.
        source: io::Error,
    },
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A pinned file is not the one that was pinned, or can't be read.
    #[error("{0}")]
    Digest(String),
    /// A wall or a limit could not be put up.
    #[error("{0}")]
    Wall(String),
    /// The program itself could not be started.
    #[error("{0}")]
    Exec(String),
    /// The launcher failed.
    #[error("the launcher: {0}")]
    Launcher(#[from] io::Error),
}

impl LaunchError {
    /// For a label: a closed set.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Digest(_) => "digest",
            Self::Wall(_) => "wall",
            Self::Exec(_) => "exec",
            Self::Launcher(_) => "launcher",
        }
    }
}

/// Starts programs. Made once, since it asks the kernel what there is.
#[derive(Debug)]
pub struct Launcher {
    lacks: Vec<Lack>,
}

impl Launcher {
    /// A launcher out of an executable whose `main` calls [`run_if_asked`].
    ///
    /// # Errors
    /// Walls are required that are not to be had here, or it could not be found out.
    pub fn new(executable: PathBuf, sandbox: Sandbox) -> Result<Self, SandboxError> {
        let _ = (executable, sandbox);
        todo!()
    }

    /// The walls that programs will not have, for the log and `/readyz`. With the sandbox off there are none to lack.
    #[must_use]
    pub fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    /// Starts a program, and returns when it runs. Cancelled, nothing of it is left.
    ///
    /// # Errors
    /// It does not run, and nothing of it is left.
    pub async fn spawn(&self, plan: &Plan) -> Result<Launched, LaunchError> {
        let _ = plan;
        todo!()
    }
}
