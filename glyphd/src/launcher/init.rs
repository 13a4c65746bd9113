//! The second process: the first one of its PID namespace. It builds the program's root and starts its process, collects
//! whatever is left behind, passes signals on, and ends everything when the program ends, or has run long enough.

use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{
        Pid, Signal, getpid, kill_process_group, set_child_subreaper, set_parent_process_death_signal,
    },
    stdio::{dup2_stderr, dup2_stdout},
};

use super::{
    Wall,
    channel::{Channel, Received},
    family,
    message::{Builder, Command, Ended, Failure, Request, Task, Word},
    outer, pinned, root, sys,
};

pub(super) fn run() -> Result<(), Failure> {
    let outer = Channel::of_stdin()?;
    sys::hold_signals(true)?;
    if getpid() == Pid::INIT {
        // Without the first process everything ends. For the moment before this, its end of the channel is closed; so
        // it is without a namespace, where it takes more than an end of this process.
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    outer::hide()?;
    let Some(Received { message: task, descriptors, .. }) = outer.receive::<Task>()? else { return Ok(()) };
    outer::quiet_stdin()?;
    let mut descriptors = descriptors.into_iter();
    let (Some(stdin), Some(word)) = (descriptors.next(), descriptors.next()) else {
        return Err(io::Error::other("descriptors are missing").into());
    };
    let word = Channel::from(word);
    let entrances: Vec<_> = descriptors.collect();
    match begin(task, stdin, &word, entrances) {
        Ok((program, files)) => {
            drop(word);
            let watched = program.watch(outer);
            // The first process does so too, if it was not killed.
            drop(files.map(fs::remove_dir_all));
            watched
        }
        Err(failure) => Ok(word.send(&Word::Failed(failure), &[])?),
    }
}

/// Starts the program's process, which then goes on by itself.
fn begin(
    task: Task,
    stdin: OwnedFd,
    word: &Channel,
    entrances: Vec<OwnedFd>,
) -> Result<(Program, Option<PathBuf>), Failure> {
    let Task { request, user, tmp, mut program, lacks } = task;
    let Request { plan, walls, probe } = request;
    let mut builder = Builder::new(walls, lacks, probe);
    if getpid() != Pid::INIT {
        set_child_subreaper(Some(getpid()))?;
    }
    builder.put_up(Wall::Root, |_| root::leave_mounts())?;
    // It comes up while the root is built, which then is its root too.
    let (channel, end) = Channel::pair()?;
    let child = outer::start("program", &plan.name, end)?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let pid = pid.ok_or_else(|| io::Error::other("a process without an id"))?;

    let mut descriptors = vec![stdin, word.as_fd().try_clone_to_owned()?];
    if let Some(materials) = builder.put_up(Wall::Root, |_| root::gather(&plan, user))? {
        let materials = materials?;
        channel.receive::<()>()?;
        materials.build()?;
    } else {
        channel.receive::<()>()?;
        let (sealed_as, sealed) = pinned::seal(&plan)?;
        program = sealed_as;
        descriptors.extend(sealed);
    }
    descriptors.extend(entrances);
    let (wall, files) = (plan.limits.wall, tmp.clone());
    let task = Task {
        request: Request { plan, walls: builder.walls, probe },
        user,
        tmp,
        program,
        lacks: builder.lacks,
    };
    let lent: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    channel.send(&task, &lent)?;
    Ok((Program { pid, limit: wall, since: Instant::now() }, files))
}

#[derive(Debug, Clone, Copy)]
struct Program {
    pid: Pid,
    limit: Option<Duration>,
    since: Instant,
}

impl Program {
    fn watch(self, outer: Channel) -> Result<(), Failure> {
        // The program's output ends with the program.
        if let Ok(null) = fs::OpenOptions::new().write(true).open("/dev/null") {
            dup2_stdout(&null)?;
            dup2_stderr(&null)?;
        }
        let (timed_out, outer) = (Arc::new(AtomicBool::new(false)), Arc::new(outer));
        let listener = (Arc::clone(&timed_out), Arc::clone(&outer));
        thread::Builder::new().spawn(move || self.listen(&listener.1, &listener.0))?;
        let ended = loop {
            match sys::wait(None)? {
                Some(reaped) if reaped.pid == self.pid => break reaped,
                Some(_) => {}
                None => return Err(io::Error::other("the program's process is lost").into()),
            }
        };
        let wall = self.since.elapsed();
        // Its id may be somebody else's from now on.
        family::end();
        let ended = Ended {
            status: ended.status,
            cpu_user: ended.cpu_user,
            cpu_system: ended.cpu_system,
            max_rss_bytes: ended.max_rss_bytes,
            wall,
            timed_out: timed_out.load(Ordering::SeqCst),
        };
        Ok(outer.send(&ended, &[])?)
    }

    /// Does what it is told, until there is nobody to tell, and ends what has run long enough.
    fn listen(self, outer: &Channel, timed_out: &AtomicBool) {
        loop {
            let left = self.limit.map(|limit| limit.saturating_sub(self.since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) && !timed_out.swap(true, Ordering::SeqCst) {
                self.kill_all();
            }
            let timeout = left.filter(|left| !left.is_zero()).and_then(|left| Timespec::try_from(left).ok());
            let mut ready = [PollFd::new(outer, PollFlags::IN)];
            match poll(&mut ready, timeout.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => break,
            }
            match outer.receive::<Command>() {
                Ok(Some(Received { message: Command::Terminate, .. })) => self.signal_all(Signal::TERM),
                Ok(Some(Received { message: Command::Kill, .. })) => self.kill_all(),
                Ok(None) | Err(_) => break,
            }
        }
        // The program goes, and the other thread sees it.
        self.kill_all();
    }

    fn kill_all(self) {
        self.signal_all(Signal::KILL);
    }

    /// Everything in the namespace; without one, the program's group and what is this process's child by now. Who dies
    /// leaves its children to this process, so that killing and waiting in turn gets at all of them.
    fn signal_all(self, signal: Signal) {
        if getpid() == Pid::INIT {
            return sys::signal_all(signal);
        }
        // It may just have ended.
        kill_process_group(self.pid, signal).ok();
        family::signal(signal);
    }
}
