//! Starts other people's programs behind walls. The daemon's executable is started anew as a launcher, single-threaded,
//! which puts limits and walls up around itself, starts the program inside and stays as its parent: whatever the
//! program starts dies with it, and all of it dies with the daemon. A plan goes in, and a process with its ending comes
//! out; which plugin runs when, and what may be in a plan, is not decided here.

mod plan;
mod wall;

// The daemon's side.
mod launched;
mod replies;

// The launcher's processes, and what they tell each other.
mod message;
mod channel;
mod outer;
mod init;
mod program;
mod family;
mod ending;

// The walls.
mod system;
mod root;
mod pinned;
mod user;
mod cgroup;
mod files;
mod calls;
#[rustfmt::skip]
mod allowed;

mod sys;

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::{fs::Mode, process::umask};
use tokio::net::unix::pipe;

pub(crate) use self::system::is_of_the_system;
use self::{
    channel::{Channel, Received},
    message::{Reply, Request, Walls},
    replies::Replies,
};
pub use self::{
    launched::Launched,
    plan::{Bus, Ending, Limits, Plan, Status, Termination, Usage},
    wall::{Lack, Sandbox, Wall},
};

/// The first line of a `main`, before there is a thread or a runtime: a process that was started as a launcher does its
/// work here, and does not return.
pub fn run_if_asked() {
    let mut args = env::args_os();
    if args.next().is_none_or(|name| name != outer::NAME) {
        return;
    }
    let stage = args.next().unwrap_or_default();
    // Its name would be that of a descriptor.
    rustix::thread::set_name(c"glyph-launcher").ok();
    umask(Mode::from_raw_mode(0o022));
    let done = match stage.to_str() {
        Some("outer") => outer::run(),
        Some("init") => init::run(),
        Some("program") => program::run(),
        _ => Ok(()),
    };
    std::process::exit(i32::from(done.is_err()));
}

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
    /// Open, so that it stays the same when its file is replaced.
    executable: File,
    walls: Walls,
    lacks: Vec<Lack>,
}

impl Launcher {
    /// A launcher out of an executable whose `main` calls [`run_if_asked`]. It tries every wall on a process that does
    /// nothing else.
    ///
    /// # Errors
    /// Walls are required that are not to be had here, or it could not be found out.
    pub fn new(executable: PathBuf, sandbox: Sandbox) -> Result<Self, SandboxError> {
        let fault = |source| SandboxError::Probe { executable: executable.clone(), source };
        let file = File::open(&executable).map_err(fault)?;
        let mut launcher = Self { executable: file, walls: Walls::default(), lacks: Vec::new() };
        if sandbox != Sandbox::Off {
            (launcher.walls, launcher.lacks) = launcher.probe().map_err(fault)?;
        }
        let missing: Vec<_> = launcher.lacks.iter().filter(|lack| lack.wall.is_required()).cloned().collect();
        if sandbox == Sandbox::Required && !missing.is_empty() {
            return Err(SandboxError::Lacks(missing));
        }
        Ok(launcher)
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
        let (channel, end) = Channel::pair()?;
        let (stdin, its_stdin) = pipe::pipe()?;
        let (its_stdout, stdout) = pipe::pipe()?;
        let (its_stderr, stderr) = pipe::pipe()?;
        let mut command = self.command(&plan.name, end);
        command.stdout(its_stdout.into_blocking_fd()?).stderr(its_stderr.into_blocking_fd()?);
        let mut launcher = tokio::process::Command::from(command).spawn()?;
        let request = Request { plan: plan.clone(), walls: self.walls.clone(), probe: false };
        channel.send(&request, &[its_stdin.into_blocking_fd()?.as_fd()])?;
        let mut replies = Replies::of(channel)?;
        match replies.next().await? {
            Some(Reply::Started { pid }) => Ok(Launched {
                stdin: Some(stdin),
                stdout: Some(stdout),
                stderr: Some(stderr),
                pid,
                replies,
                reply: None,
                launcher,
            }),
            Some(Reply::Failed(failure)) => {
                launcher.wait().await?;
                Err(failure.into())
            }
            _ => Err(io::Error::other(format!("it ended: {}", launcher.wait().await?)).into()),
        }
    }

    fn command(&self, name: &str, end: Channel) -> Command {
        let mut command = Command::new(format!("/proc/self/fd/{}", self.executable.as_raw_fd()));
        command.arg0(outer::NAME).args(["outer", name]).env_clear().current_dir("/");
        command.envs(env::var_os("TMPDIR").map(|dir| ("TMPDIR", dir)));
        // A terminal's signals are for the daemon, which sees to its plugins.
        command.process_group(0).stdin(Stdio::from(OwnedFd::from(end)));
        command
    }

    /// Puts every wall up around nothing.
    fn probe(&self) -> io::Result<(Walls, Vec<Lack>)> {
        let (channel, end) = Channel::pair()?;
        let mut launcher = self.command("probe", end).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let plan = Plan {
            name: "probe".to_owned(),
            command: vec!["probe".to_owned()],
            dir: Path::new("/usr").to_owned(),
            env: BTreeMap::new(),
            pinned: BTreeMap::new(),
            limits: Limits::default(),
            read: Vec::new(),
            write: Vec::new(),
            bus: None,
        };
        let request = Request { plan, walls: Walls::all(), probe: true };
        channel.send(&request, &[File::open("/dev/null")?.as_fd()])?;
        let reply = channel.receive()?.map(|Received { message, .. }| message);
        let ended = launcher.wait()?;
        match reply {
            Some(Reply::Probed { walls, lacks }) => Ok((walls, lacks)),
            Some(Reply::Failed(failure)) => Err(io::Error::other(LaunchError::from(failure))),
            _ => Err(io::Error::other(format!("it is no launcher: {ended}"))),
        }
    }
}
