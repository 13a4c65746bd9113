//! How programs end, and that nothing of them stays.

use std::{os::fd::OwnedFd, process::Stdio, time::Duration};

use glyphd::launcher::{Status, Termination};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::retry_on_intr,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Attacker, has, launcher, left_behind};
use crate::harness::within;

/// Set in a process that plays the daemon in `a_killed_daemon_takes_everything_with_it`.
const PLAYS_DAEMON: &str = "GLYPH_TEST_PLAYS_DAEMON";

#[tokio::test]
async fn an_end_is_told_as_it_was() {
    if !has(&[]) {
        return;
    }
    let signalled = |signal: Signal| Status::Signalled(signal.as_raw());
    for (attempt, status, termination) in [
        ("exit:0", Status::Exited(0), None),
        ("exit:3", Status::Exited(3), Some(Termination::Crashed)),
        ("crash:", signalled(Signal::SEGV), Some(Termination::Crashed)),
    ] {
        let (_, ending) = Attacker::new(&[attempt]).run().await;
        assert_eq!((ending.status, ending.termination), (status, termination));
        assert!(ending.usage.max_rss_bytes > 1 << 20 && !ending.usage.cpu_user.is_zero(), "{ending:?}");
    }
}

#[tokio::test]
async fn killed_by_somebody_else_is_killed() {
    if !has(&[]) {
        return;
    }
    for signal in [Signal::KILL, Signal::TERM] {
        let attacker = Attacker::new(&["rest:"]);
        let mut program = attacker.start().await;
        assert_eq!(program.line().await, "resting");
        kill_process(Pid::from_raw(program.launched.pid().cast_signed()).unwrap(), signal).unwrap();
        let (_, ending) = program.end().await;
        assert_eq!(ending.status, Status::Signalled(signal.as_raw()));
        assert_eq!(ending.termination, Some(Termination::Killed));
    }
}

#[tokio::test]
async fn an_end_that_was_asked_for_is_none_to_tell_of() {
    if !has(&[]) {
        return;
    }
    let attacker = Attacker::new(&["rest:"]);
    let mut program = attacker.start().await;
    assert_eq!(program.line().await, "resting");
    program.launched.terminate();
    let (_, ending) = program.end().await;
    assert_eq!((ending.status, ending.termination), (Status::Signalled(Signal::TERM.as_raw()), None));

    let attacker = Attacker::new(&["ignore_term:"]);
    let mut stubborn = attacker.start().await;
    assert_eq!(stubborn.line().await, "ignoring");
    stubborn.launched.terminate();
    let early = tokio::time::timeout(Duration::from_millis(200), stubborn.launched.ended()).await;
    assert!(early.is_err(), "{early:?}");
    stubborn.launched.kill();
    let (_, ending) = stubborn.end().await;
    assert_eq!((ending.status, ending.termination), (Status::Signalled(Signal::KILL.as_raw()), None));
}

#[tokio::test]
async fn a_grandchild_that_fled_is_ended_with_the_rest() {
    if !has(&[]) {
        return;
    }
    let (said, ending) = Attacker::new(&["grandchild:"]).run().await;
    assert!(said.contains(&"grandchild: -> left".to_owned()), "{said:?}");
    assert_eq!(ending.termination, None);

    // While the program lives it is there, and a signal reaches it too.
    let attacker = Attacker::new(&["grandchild:", "rest:"]);
    let mut program = attacker.start().await;
    while program.line().await != "resting" {}
    assert_eq!(left_behind::processes(&program.name).len(), 4);
    program.launched.terminate();
    program.end().await;
}

/// Handles of the processes that have a name in their arguments.
fn handles(name: &str) -> Vec<OwnedFd> {
    let open = |pid: u32| pidfd_open(Pid::from_raw(pid.cast_signed())?, PidfdFlags::empty()).ok();
    left_behind::processes(name).into_iter().filter_map(open).collect()
}

/// Waits for the end of each, but not for ever.
fn wait_for(handles: &[OwnedFd]) {
    let limit = Timespec { tv_sec: 30, tv_nsec: 0 };
    for handle in handles {
        // The runtime is told of its children by a signal.
        let wait = || poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&limit));
        let ended = retry_on_intr(wait).unwrap();
        assert_eq!(ended, 1, "a process has not ended");
    }
}

#[tokio::test]
async fn who_is_let_go_of_ends() {
    if !has(&[]) {
        return;
    }
    let attacker = Attacker::new(&["grandchild:", "ignore_term:"]);
    let mut program = attacker.start().await;
    while program.line().await != "ignoring" {}
    let handles = handles(&attacker.plan.name);
    // Two of the launcher's, the program, and what it left.
    assert_eq!(handles.len(), 4);
    let cgroups = program.cgroups.clone();
    drop(program);
    wait_for(&handles);
    left_behind::assert_nothing(&attacker.plan.name, &cgroups);
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    if !has(&[]) {
        return;
    }
    let attacker = Attacker::new(&["ignore_term:"]);
    for patience in 0..8 {
        let start = launcher().spawn(&attacker.plan);
        drop(tokio::time::timeout(Duration::from_millis(patience), start).await);
        wait_for(&handles(&attacker.plan.name));
    }
    left_behind::assert_nothing(&attacker.plan.name, &[]);
}

#[tokio::test]
async fn a_launcher_that_is_killed_takes_the_program_with_it() {
    if !has(&[]) {
        return;
    }
    let attacker = Attacker::new(&["grandchild:", "ignore_term:"]);
    let mut program = attacker.start().await;
    while program.line().await != "ignoring" {}
    let handles = handles(&attacker.plan.name);
    let outer = left_behind::processes(&attacker.plan.name).into_iter().min().unwrap();
    kill_process(Pid::from_raw(outer.cast_signed()).unwrap(), Signal::KILL).unwrap();
    wait_for(&handles);
    assert!(within("the end", program.launched.ended()).await.is_err());
    // Its cgroups go with the next start.
    left_behind::assert_nothing(&attacker.plan.name, &[]);
}

/// No test of its own: the daemon of the next one.
#[tokio::test]
async fn plays_daemon() {
    let Some(name) = std::env::var_os(PLAYS_DAEMON) else { return };
    let mut attacker = Attacker::new(&["grandchild:", "ignore_term:"]);
    attacker.plan.name = name.into_string().unwrap();
    attacker.plan.command[2].clone_from(&attacker.plan.name);
    let mut program = attacker.start().await;
    while program.line().await != "ignoring" {}
    eprintln!(
        "playing {}",
        program.cgroups.iter().map(|c| c.display().to_string()).collect::<Vec<_>>().join(" ")
    );
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_daemon_takes_everything_with_it() {
    if !has(&[]) {
        return;
    }
    let name = format!("orphan-{}", std::process::id());
    let mut daemon = tokio::process::Command::new(std::env::current_exe().unwrap());
    daemon.args(["launcher::endings::plays_daemon", "--exact", "--nocapture"]).env(PLAYS_DAEMON, &name);
    let mut daemon = daemon.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let cgroups: Vec<_> = loop {
        let line = within("the daemon", lines.next_line()).await.unwrap().expect("it plays");
        if let Some((_, cgroups)) = line.split_once("playing ") {
            break cgroups.split(' ').filter(|c| !c.is_empty()).map(Into::into).collect();
        }
    };
    let handles = handles(&name);
    assert_eq!(handles.len(), 4);
    daemon.kill().await.unwrap();
    wait_for(&handles);
    left_behind::assert_nothing(&name, &cgroups);
}
