//! The third process, which becomes the program: it puts limits and walls up around itself, and executes it.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::Command,
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::{
        Gid, Resource, Rlimit, Signal, Uid, chdir, set_parent_process_death_signal, setrlimit, setsid,
    },
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
        set_thread_res_gid, set_thread_res_uid,
    },
};

use super::{
    Limits, Plan, Wall, calls,
    channel::{Channel, Received},
    files,
    message::{Builder, Failure, Request, Task, Walls, Word},
    outer,
    pinned::Program,
    root, sys, user,
};

pub(super) fn run() -> Result<(), Failure> {
    let init = Channel::of_stdin()?;
    outer::hide()?;
    // Everything that it is made of is loaded: the root may be another one from now on.
    init.send(&(), &[])?;
    let Some(Received { message: task, descriptors, .. }) = init.receive::<Task>()? else { return Ok(()) };
    drop(init);
    let mut descriptors = descriptors.into_iter();
    let (Some(stdin), Some(word)) = (descriptors.next(), descriptors.next()) else {
        return Err(io::Error::other("descriptors are missing").into());
    };
    let word = Channel::from(word);
    match become_program(task, &stdin, &word, descriptors) {
        Ok(()) => Ok(()),
        Err(failure) => Ok(word.send(&Word::Failed(failure), &[])?),
    }
}

fn become_program(
    task: Task,
    stdin: &OwnedFd,
    word: &Channel,
    mut descriptors: impl Iterator<Item = OwnedFd>,
) -> Result<(), Failure> {
    let Task { request: Request { plan, walls, probe }, user, tmp, program, lacks } = task;
    let mut builder = Builder::new(walls, lacks, probe);
    let sealed = if matches!(program, Program::Sealed(_)) { descriptors.next() } else { None };
    for entrance in descriptors {
        File::from(entrance).write_all(b"0").map_err(|e| Failure::wall(Wall::Memory, e))?;
    }
    rustix::stdio::dup2_stdin(stdin)?;
    setsid()?;
    let dir = |e: rustix::io::Errno| {
        let hint = if user.is_some() && e == rustix::io::Errno::ACCESS {
            format!("; its own user must be let in: chmod o+rx, or chgrp {} and chmod g+rx", user::GROUP)
        } else {
            String::new()
        };
        Failure::exec(format!("{}: {}{hint}", plan.dir.display(), io::Error::from(e)))
    };

    // Old kernels can't; glyphd's own descriptors are closed anyway.
    drop(sys::close_on_exec());
    // Should the machine have no memory left, rather this than the daemon.
    drop(fs::write("/proc/self/oom_score_adj", "500"));
    builder.put_up(Wall::Privileges, |_| drop_bounding_set())?;
    if let Some(id) = user {
        builder.put_up(Wall::User, |_| switch_to(id))?;
    }
    chdir(&plan.dir).map_err(dir)?;
    builder.put_up(Wall::Privileges, |_| drop_privileges())?;
    // A new user forgets it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let tmp = tmp.as_deref().unwrap_or(Path::new(root::TMP));
    builder.put_up(Wall::Landlock, |walls| files::restrict(&plan, tmp, walls))?;
    builder.put_up(Wall::Seccomp, |walls| calls::restrict(&plan, walls))?;
    if probe {
        settle_network(&mut builder);
        let Builder { walls, lacks, .. } = builder;
        return Ok(word.send(&Word::Probed { walls, lacks }, &[])?);
    }

    let mut command = command(&plan, program, sealed.as_ref())?;
    command.env("TMPDIR", tmp);
    word.send(&Word::Starting, &[])?;
    limit(&plan.limits, &builder.walls, user).map_err(|e| Failure::wall(Wall::Limits, e))?;
    sys::hold_signals(false)?;
    let fault = command.exec();
    Err(Failure::exec(format!("{}: {fault}", plan.command.first().map_or("", String::as_str))))
}

/// There is no network either way: a namespace has none, and without one there are no calls for it.
fn settle_network(builder: &mut Builder) {
    if builder.walls.has(Wall::Network)
        && !builder.walls.network_namespace
        && !builder.walls.has(Wall::Seccomp)
    {
        builder.lack(Wall::Network, "neither a network namespace nor seccomp");
    }
}

fn drop_bounding_set() -> io::Result<()> {
    for bit in 0..63 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit)) {
            Ok(()) => {}
            // The kernel knows no more.
            Err(rustix::io::Errno::INVAL) => break,
            // Who may not drop it can't get any of them either, with no_new_privs.
            Err(rustix::io::Errno::PERM) => break,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

fn switch_to(id: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(user::GROUP));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

fn drop_privileges() -> io::Result<()> {
    // Root, should this be root, is nobody special any more.
    let root_is_nobody = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
    rustix::thread::set_capabilities_secure_bits(root_is_nobody).ok();
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(set_no_new_privs(true)?)
}

fn command(plan: &Plan, program: Program, sealed: Option<&OwnedFd>) -> Result<Command, Failure> {
    let mut parts = plan.command.clone();
    let mut env = plan.env.clone();
    if let (Program::Sealed(at), Some(copy)) = (program, sealed) {
        // It is opened again by its number: by the kernel if it is a program, by its interpreter if it is a script.
        fcntl_setfd(copy, FdFlags::empty())?;
        parts[at] = format!("/proc/self/fd/{}", copy.as_raw_fd());
        // Python looks for modules beside the script, which is nowhere now.
        env.entry("PYTHONPATH".to_owned()).or_insert_with(|| plan.dir.display().to_string());
    }
    let Some((program, arguments)) = parts.split_first() else {
        return Err(Failure::exec("the command is empty"));
    };
    let mut command = Command::new(program);
    command.arg0(&plan.command[0]).args(arguments).env_clear().envs(env);
    Ok(command)
}

/// `setrlimit`, last: the launcher itself is no small program.
fn limit(limits: &Limits, walls: &Walls, user: Option<u32>) -> io::Result<()> {
    let set = |resource, soft: u64, hard: u64| {
        let hard = rustix::process::getrlimit(resource).maximum.map_or(hard, |most| most.min(hard));
        setrlimit(resource, Rlimit { current: Some(soft.min(hard)), maximum: Some(hard) })
    };
    set(Resource::Core, 0, 0)?;
    if let Some(cpu) = limits.cpu {
        let seconds = cpu.as_secs() + u64::from(cpu.subsec_nanos() > 0);
        // Who does not heed the first warning is killed a second later.
        set(Resource::Cpu, seconds, seconds + 1)?;
    }
    if let Some(bytes) = limits.file_bytes {
        set(Resource::Fsize, bytes, bytes)?;
    }
    if let Some(files) = limits.open_files {
        set(Resource::Nofile, files, files)?;
    }
    if let Some(processes) = limits.processes {
        // It counts for a user: in the daemon's own place it would count everything of its user's. A user namespace
        // has the launcher's processes in it.
        match (user, walls.user_namespace) {
            (Some(_), _) => set(Resource::Nproc, processes, processes)?,
            (None, true) => set(Resource::Nproc, processes + outer::PROCESSES, processes + outer::PROCESSES)?,
            (None, false) => {}
        }
    }
    let memory = limits.memory_bytes.filter(|_| !walls.has(Wall::Memory));
    if let Some(bytes) = limits.address_space_bytes.into_iter().chain(memory).min() {
        set(Resource::As, bytes, bytes)?;
    }
    Ok(())
}
