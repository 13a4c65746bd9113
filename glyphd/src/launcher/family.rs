//! The processes that a process of the launcher answers for: in a PID namespace all in it, without one its children. As it
//! is a subreaper then, who dies leaves it its own children, so that killing and waiting in turn gets at all of them.

use std::fs;

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::sys;

/// Kills them all, and waits until none is left.
pub(super) fn end() {
    loop {
        signal(Signal::KILL);
        match sys::wait(None) {
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
}

pub(super) fn signal(signal: Signal) {
    if getpid() == Pid::INIT {
        return sys::signal_all(signal);
    }
    for child in children() {
        // It may just have ended.
        kill_process(child, signal).ok();
    }
}

/// The children of this process, whichever of its threads has them.
fn children() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero().get();
    let is_child = |pid: &Pid| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        // The name may have anything in it, and ends with the last parenthesis.
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<i32>().ok());
        parent == Some(own)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter(is_child).collect()
}
