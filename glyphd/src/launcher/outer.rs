//! The first of a launcher's three processes. It stays where the daemon is: it makes what must be cleaned up afterwards,
//! hears the daemon, and says how it ended. If the daemon is gone, so is everything.

use std::{
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command as Process, Stdio},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    net::Shutdown,
    process::{DumpableBehavior, getpid, set_child_subreaper, set_dumpable_behavior},
    thread::{
        CapabilitySets, UnshareFlags, capabilities, configure_capability_in_ambient_set, set_capabilities,
    },
};
use tempfile::TempDir;

use super::{
    Bus, Wall,
    cgroup::Cgroups,
    channel::{Channel, Received},
    ending::{self, Seen},
    family,
    message::{Builder, Command, Ended, Failure, Reply, Request, Task, Word},
    pinned::Program,
    sys,
    user::{self, User},
};

/// What a launcher's processes are called.
pub(super) const NAME: &str = "glyph-launcher";
/// How many processes and threads it has inside a program's user namespace.
pub(super) const PROCESSES: u64 = 4;

pub(super) fn run() -> Result<(), Failure> {
    let daemon = Channel::of_stdin()?;
    sys::hold_signals(true)?;
    let Some(Received { message, descriptors, .. }) = daemon.receive::<Request>()? else { return Ok(()) };
    quiet_stdin()?;
    let reply = match Launch::prepare(message, descriptors) {
        Ok(launch) => launch.watch(&daemon),
        Err(failure) => Reply::Failed(failure),
    };
    // A daemon that is gone hears nothing.
    drop(daemon.send(&reply, &[]));
    Ok(())
}

/// Starts the next process of a launcher, at the other end of a channel.
pub(super) fn start(stage: &str, name: &str, end: Channel) -> io::Result<Child> {
    let mut process = Process::new("/proc/self/exe");
    process.arg0(NAME).args([stage, name]).env_clear().stdin(Stdio::from(OwnedFd::from(end)));
    process.spawn()
}

/// Lets go of the channel that was standard input.
pub(super) fn quiet_stdin() -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdin(fs::File::open("/dev/null")?)?)
}

/// Nothing that is secret in this process can be read by others of its user.
pub(super) fn hide() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

struct Launch {
    cpu_limit: Option<Duration>,
    /// Whether everything goes with init.
    has_namespace: bool,
    init: Child,
    channel: Channel,
    words: Channel,
    cgroups: Cgroups,
    _user: Option<User>,
    _tmp: Option<TempDir>,
}

impl Launch {
    fn prepare(request: Request, mut descriptors: Vec<OwnedFd>) -> Result<Self, Failure> {
        let Request { plan, walls, probe } = &request;
        let mut builder = Builder::new(walls.clone(), Vec::new(), *probe);
        let mut user = builder.put_up(Wall::User, |_| User::reserve(&plan.name))?;
        let mut cgroups = Cgroups::default();
        for wall in [Wall::Memory, Wall::Tasks] {
            builder.put_up(wall, |_| cgroups.add(wall, &plan.limits))?;
        }
        let entrances = cgroups.entrances()?;
        let has_port = matches!(plan.bus, Some(Bus::Port(_)));
        leave_namespaces(&mut builder, has_port)?;
        if !builder.walls.has(Wall::User) {
            user = None;
        }
        if let (Some(Bus::Socket(path)), Some(_)) = (&plan.bus, &user) {
            user::open_bus(path)
                .map_err(|e| Failure::wall(Wall::User, format!("{}: {e}", path.display())))?;
        }
        hide()?;
        let tmp =
            if builder.walls.has(Wall::Root) { None } else { Some(temporary(&plan.name, user.as_ref())?) };

        let (words, word) = Channel::pair()?;
        let (channel, end) = Channel::pair()?;
        let init = start("init", &plan.name, end)?;
        descriptors.push(word.into());
        descriptors.extend(entrances.into_iter().map(OwnedFd::from));
        let cpu_limit = plan.limits.cpu;
        let has_namespace = builder.walls.has(Wall::Processes);
        if !has_namespace {
            // Should init be killed, what it leaves comes here.
            set_child_subreaper(Some(getpid()))?;
        }
        let task = Task {
            user: user.as_ref().map(|user| user.id),
            tmp: tmp.as_ref().map(|dir| dir.path().to_owned()),
            program: Program::AsPlanned,
            lacks: builder.lacks,
            request: Request { walls: builder.walls, ..request },
        };
        let lent: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        channel.send(&task, &lent)?;
        Ok(Self { cpu_limit, has_namespace, init, channel, words, cgroups, _user: user, _tmp: tmp })
    }

    /// Until it has ended. The daemon hears that it has started.
    fn watch(mut self, daemon: &Channel) -> Reply {
        let reply = self.try_watch(daemon).unwrap_or_else(Reply::Failed);
        // Init hears that there is nobody left to work for, and leaves nothing. In a namespace it need not even hear it.
        rustix::net::shutdown(&self.channel, Shutdown::Both).ok();
        if self.has_namespace {
            drop(self.init.kill());
        }
        drop(self.init.wait());
        family::end();
        reply
    }

    fn try_watch(&mut self, daemon: &Channel) -> Result<Reply, Failure> {
        let mut pid = None;
        loop {
            if !self.hear(daemon, &self.words, &mut false)? {
                return Err(io::Error::other("the daemon is gone").into());
            }
            match self.words.receive::<Word>()? {
                Some(Received { message: Word::Starting, sender, .. }) => pid = sender,
                Some(Received { message: Word::Failed(failure), .. }) => return Ok(Reply::Failed(failure)),
                Some(Received { message: Word::Probed { walls, lacks }, .. }) => {
                    return Ok(Reply::Probed { walls, lacks });
                }
                None => break,
            }
        }
        let Some(pid) = pid else { return Err(io::Error::other("it ended before its program began").into()) };
        daemon.send(&Reply::Started { pid: pid.as_raw_nonzero().get().unsigned_abs() }, &[])?;

        let mut asked = false;
        if !self.hear(daemon, &self.channel, &mut asked)? {
            return Err(io::Error::other("the daemon is gone").into());
        }
        let ended = self.channel.receive::<Ended>()?.map(|received| received.message);
        // What is in its cgroup is counted when it is gone.
        drop(self.init.wait());
        let seen = Seen { asked, cpu_limit: self.cpu_limit, out_of_memory: self.cgroups.has_killed() };
        Ok(Reply::Ended(ending::of(ended, &seen)))
    }

    /// Does what the daemon asks, until something comes from within. False: the daemon is gone.
    fn hear(&self, daemon: &Channel, within: &Channel, asked: &mut bool) -> Result<bool, Failure> {
        loop {
            let mut ready = [PollFd::new(within, PollFlags::IN), PollFd::new(daemon, PollFlags::IN)];
            match poll(&mut ready, None) {
                Err(rustix::io::Errno::INTR) => continue,
                polled => polled?,
            };
            if !ready[0].revents().is_empty() {
                return Ok(true);
            }
            match daemon.receive::<Command>() {
                Ok(Some(Received { message, .. })) => {
                    *asked = true;
                    // Init may just have ended.
                    drop(self.channel.send(&message, &[]));
                }
                Ok(None) | Err(_) => return Ok(false),
            }
        }
    }
}

/// What is not to be shared with the machine. Rights for it come from being root, or else from a user namespace.
fn leave_namespaces(builder: &mut Builder, has_port: bool) -> Result<(), Failure> {
    let wants_root = builder.walls.has(Wall::Root) || builder.walls.has(Wall::Processes);
    if builder.walls.user_namespace {
        leave_user_namespace().map_err(|e| Failure::wall(Wall::Root, e))?;
    } else if builder.is_probe() && wants_root && sys::unshare(UnshareFlags::NEWNS).is_err() {
        match leave_user_namespace() {
            Ok(()) => {
                builder.walls.user_namespace = true;
                if builder.walls.has(Wall::User) {
                    builder.lack(Wall::User, "a user namespace has no other users");
                }
            }
            Err(why) => builder.lack(Wall::Root, format!("no user namespace: {why}")),
        }
    }
    builder.put_up(Wall::Processes, |_| sys::unshare(UnshareFlags::NEWPID))?;
    // System V's shared memory, and the host's name.
    let others = UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    builder.put_up(Wall::Root, |_| sys::unshare(others))?;
    if builder.is_probe() {
        builder.walls.network_namespace =
            builder.walls.has(Wall::Network) && sys::unshare(UnshareFlags::NEWNET).is_ok();
    } else if builder.walls.network_namespace && !has_port {
        builder.put_up(Wall::Network, |_| sys::unshare(UnshareFlags::NEWNET))?;
    }
    Ok(())
}

/// A namespace in which this process has every capability, and its user is the only one.
fn leave_user_namespace() -> io::Result<()> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    sys::unshare(UnshareFlags::NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    // Who is not root there loses them when it executes something, as the next process does.
    let all = capabilities(None)?.permitted;
    set_capabilities(None, CapabilitySets { effective: all, permitted: all, inheritable: all })?;
    for capability in all.iter() {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}

fn temporary(name: &str, user: Option<&User>) -> io::Result<TempDir> {
    let dir = tempfile::Builder::new().prefix(&format!("glyph-{name}-")).tempdir()?;
    if let Some(user) = user {
        std::os::unix::fs::chown(dir.path(), Some(user.id), Some(user::GROUP))?;
    }
    Ok(dir)
}
