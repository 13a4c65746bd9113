//! What a daemon and the three processes of a launcher tell each other.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Ending, Lack, LaunchError, Plan, Wall};

/// The walls that there are, and how they are come by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walls {
    pub(super) up: BTreeSet<Wall>,
    /// A user namespace gives the rights for the others.
    pub(super) user_namespace: bool,
    pub(super) network_namespace: bool,
}

impl Walls {
    pub(super) fn all() -> Self {
        Self { up: Wall::ALL.into(), ..Self::default() }
    }

    pub(super) fn has(&self, wall: Wall) -> bool {
        self.up.contains(&wall)
    }
}

/// Daemon to launcher, with the program's standard input.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) plan: Plan,
    pub(super) walls: Walls,
    /// Nothing is to be started: every wall is tried, and what is lacking told.
    pub(super) probe: bool,
}

/// Daemon to launcher, later.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Command {
    Terminate,
    Kill,
}

/// Launcher to daemon.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Started { pid: u32 },
    Failed(Failure),
    Probed { walls: Walls, lacks: Vec<Lack> },
    Ended(Ending),
}

/// From one process of the launcher to the next, with what that one needs: standard input, the channel to the first
/// process, and cgroups to enter.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) request: Request,
    /// The id of its own that the program gets.
    pub(super) user: Option<u32>,
    /// Its directory for temporary files, if it has no root of its own.
    pub(super) tmp: Option<std::path::PathBuf>,
    /// What the plan's program has become, if it is run by its descriptor.
    pub(super) program: super::pinned::Program,
    /// What was found out before.
    pub(super) lacks: Vec<Lack>,
}

/// Init to the first process: the program has ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    /// As `wait4` has it.
    pub(super) status: i32,
    pub(super) cpu_user: Duration,
    pub(super) cpu_system: Duration,
    pub(super) max_rss_bytes: u64,
    pub(super) wall: Duration,
    /// It had run as long as it may.
    pub(super) timed_out: bool,
}

/// Init or the program's process to the first process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// The program is executed now; the sender is its process. If nothing follows, it is.
    Starting,
    Failed(Failure),
    Probed {
        walls: Walls,
        lacks: Vec<Lack>,
    },
}

/// Why nothing runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    kind: Kind,
    what: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Kind {
    Digest,
    Wall,
    Exec,
    Launcher,
}

impl Failure {
    fn new(kind: Kind, what: impl fmt::Display) -> Self {
        Self { kind, what: what.to_string() }
    }

    pub(super) fn digest(what: impl fmt::Display) -> Self {
        Self::new(Kind::Digest, what)
    }

    pub(super) fn wall(wall: Wall, why: impl fmt::Display) -> Self {
        Self::new(Kind::Wall, format!("{}: {why}", wall.as_str()))
    }

    pub(super) fn exec(what: impl fmt::Display) -> Self {
        Self::new(Kind::Exec, what)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Kind::Launcher, error)
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

impl From<Failure> for LaunchError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Digest => Self::Digest(failure.what),
            Kind::Wall => Self::Wall(failure.what),
            Kind::Exec => Self::Exec(failure.what),
            Kind::Launcher => Self::Launcher(io::Error::other(failure.what)),
        }
    }
}

/// Walls that are put up one after the other. In a probe what can't be had is noted, else it ends the launch.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) walls: Walls,
    pub(super) lacks: Vec<Lack>,
    probe: bool,
}

impl Builder {
    pub(super) fn new(walls: Walls, lacks: Vec<Lack>, probe: bool) -> Self {
        Self { walls, lacks, probe }
    }

    /// Puts a wall up, if it is one of those that are to be. None: there is no such wall.
    pub(super) fn put_up<T>(
        &mut self,
        wall: Wall,
        put_up: impl FnOnce(&Walls) -> io::Result<T>,
    ) -> Result<Option<T>, Failure> {
        if !self.walls.has(wall) {
            return Ok(None);
        }
        match put_up(&self.walls) {
            Ok(done) => Ok(Some(done)),
            Err(why) if self.probe => {
                self.lack(wall, why);
                Ok(None)
            }
            Err(why) => Err(Failure::wall(wall, why)),
        }
    }

    pub(super) fn is_probe(&self) -> bool {
        self.probe
    }

    pub(super) fn lack(&mut self, wall: Wall, why: impl fmt::Display) {
        self.walls.up.remove(&wall);
        self.lacks.push(Lack { wall, why: why.to_string() });
    }
}
