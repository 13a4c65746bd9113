//! The system calls that no crate has in a safe form. Everything unsafe of the launcher is here.
#![allow(unsafe_code)]

use std::{
    io, mem,
    os::fd::{AsFd, AsRawFd},
    ptr,
    time::Duration,
};

use rustix::{
    process::{Pid, Signal},
    thread::UnshareFlags,
};

/// How a child ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) pid: Pid,
    /// As `wait4` has it.
    pub(super) status: i32,
    pub(super) cpu_user: Duration,
    pub(super) cpu_system: Duration,
    pub(super) max_rss_bytes: u64,
}

/// Waits for one child, or for any. None: there is no child, or none has ended and it is not to be waited.
pub(super) fn wait(child: Option<Pid>) -> io::Result<Option<Reaped>> {
    let (mut status, pid) = (0, child.map_or(-1, |pid| pid.as_raw_nonzero().get()));
    // SAFETY: zeroes are a valid `rusage`.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    loop {
        // SAFETY: both pointers are to places of our own that outlive the call.
        let reaped = unsafe { libc::wait4(pid, &raw mut status, libc::__WALL, &raw mut usage) };
        let Some(pid) = Pid::from_raw(reaped.max(0)) else {
            match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => continue,
                e if e.raw_os_error() == Some(libc::ECHILD) => return Ok(None),
                e => return Err(e),
            }
        };
        let time = |t: libc::timeval| {
            Duration::new(t.tv_sec.unsigned_abs(), u32::try_from(t.tv_usec).unwrap_or(0) * 1000)
        };
        return Ok(Some(Reaped {
            pid,
            status,
            cpu_user: time(usage.ru_utime),
            cpu_system: time(usage.ru_stime),
            max_rss_bytes: usage.ru_maxrss.unsigned_abs() * 1024,
        }));
    }
}

/// Leaves namespaces for new ones. `FILES` is not for this.
pub(super) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    debug_assert!(!namespaces.contains(UnshareFlags::FILES));
    // SAFETY: file descriptors stay shared as they are.
    Ok(unsafe { rustix::thread::unshare_unsafe(namespaces) }?)
}

/// A signal to every process of this PID namespace but its init, which must be the caller: anywhere else it would go
/// to the whole machine.
pub(super) fn signal_all(signal: Signal) {
    if rustix::process::getpid() == Pid::INIT {
        // SAFETY: it touches no memory.
        unsafe { libc::kill(-1, signal.as_raw()) };
    }
}

/// Holds back the signals that are for the program and not for those around it, since a service's TERM goes to
/// everything in it; or lets them come again. What is started inherits it.
pub(super) fn hold_signals(hold: bool) -> io::Result<()> {
    let how = if hold { libc::SIG_BLOCK } else { libc::SIG_UNBLOCK };
    // SAFETY: `sigemptyset` makes a set out of a place for one.
    let done = unsafe {
        let mut set = mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(how, set.as_ptr(), ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(done)) }
}

/// No descriptor but the three standard ones gets into the next program, wherever it came from.
pub(super) fn close_on_exec() -> io::Result<()> {
    // SAFETY: it marks descriptors, and closes none.
    let marked = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if marked == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What a mount may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MountKind {
    /// Read-only, no set-user-id, no devices.
    ReadOnly,
    /// No set-user-id, no devices.
    Writable,
    /// Read-only, no set-user-id: a device.
    Device,
}

/// Sets a mount's attributes, and those of all below it.
pub(super) fn set_mount(mount: impl AsFd, kind: MountKind, below: bool) -> io::Result<()> {
    /// `struct mount_attr` of `linux/mount.h`.
    #[repr(C)]
    struct MountAttr {
        set: u64,
        clear: u64,
        propagation: u64,
        userns_fd: u64,
    }
    const RDONLY: u64 = 1;
    const NOSUID: u64 = 2;
    const NODEV: u64 = 4;
    let set = match kind {
        MountKind::ReadOnly => RDONLY | NOSUID | NODEV,
        MountKind::Writable => NOSUID | NODEV,
        MountKind::Device => NOSUID,
    };
    let attributes = MountAttr { set, clear: 0, propagation: libc::MS_PRIVATE, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if below { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty string, the structure has the size that is given, and both outlive the call.
    let set = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<MountAttr>(),
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
