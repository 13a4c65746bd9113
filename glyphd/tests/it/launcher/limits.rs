//! What a program can't use up.

use std::time::Duration;

use glyphd::launcher::{Limits, Status, Termination, Wall};
use rustix::process::Signal;
use tokio::io::AsyncReadExt;

use super::{Attacker, answer, has};
use crate::harness::within;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn who_fills_memory_is_ended_by_its_cgroup() {
    if !has(&[Wall::Memory]) {
        return;
    }
    let limits = Limits { memory_bytes: Some(64 << 20), ..Limits::default() };
    let (_, ending) = Attacker::limited(&["fill_memory:"], limits).run().await;
    assert_eq!(ending.termination, Some(Termination::MemoryLimit), "{ending:?}");
    assert!(ending.usage.max_rss_bytes < 100 << 20, "{ending:?}");
}

/// An allocation that fails looks like any other crash, and is called one.
#[tokio::test]
async fn who_fills_its_address_space_crashes() {
    if !has(&[]) {
        return;
    }
    let limits = Limits { address_space_bytes: Some(256 << 20), ..Limits::default() };
    let (_, ending) = Attacker::limited(&["fill_memory:"], limits).run().await;
    assert_eq!(ending.termination, Some(Termination::Crashed), "{ending:?}");
}

#[tokio::test]
async fn who_spins_is_ended_by_its_cpu_limit_whether_it_heeds_the_warning_or_not() {
    if !has(&[]) {
        return;
    }
    for (attempt, signal) in [("spin:", Signal::XCPU), ("spin_on:", Signal::KILL)] {
        let limits = Limits { cpu: Some(SECOND), ..Limits::default() };
        let (_, ending) = Attacker::limited(&[attempt], limits).run().await;
        assert_eq!(ending.termination, Some(Termination::CpuLimit), "{ending:?}");
        assert_eq!(ending.status, Status::Signalled(signal.as_raw()));
        let cpu = ending.usage.cpu_user + ending.usage.cpu_system;
        assert!((SECOND / 2..3 * SECOND).contains(&cpu), "{ending:?}");
    }
}

#[tokio::test]
async fn who_runs_too_long_is_ended_and_was_not_asked_to() {
    if !has(&[]) {
        return;
    }
    let limits = Limits { wall: Some(SECOND / 2), ..Limits::default() };
    let (said, ending) = Attacker::limited(&["ignore_term:"], limits).run().await;
    assert_eq!(said, ["ignoring"]);
    assert_eq!(ending.termination, Some(Termination::Timeout), "{ending:?}");
    assert!(ending.usage.wall >= SECOND / 2, "{ending:?}");
}

#[tokio::test]
async fn who_forks_without_end_comes_to_one() {
    if !has(&[Wall::Tasks]) {
        return;
    }
    let limits = Limits { processes: Some(20), ..Limits::default() };
    let (said, ending) = Attacker::limited(&["fork_bomb:"], limits).run().await;
    assert_eq!(answer(&said, "fork_bomb:"), "stopped after 19: EAGAIN");
    assert_eq!(ending.termination, None);
}

#[tokio::test]
async fn files_stay_small_and_few() {
    if !has(&[Wall::Root]) {
        return;
    }
    let limits = Limits { file_bytes: Some(1 << 20), open_files: Some(40), ..Limits::default() };
    let tries = ["fill_file:/run/tmp/big", "open_many:", "raise_limit:"];
    let (said, ending) = Attacker::limited(&tries, limits).run().await;
    assert_eq!(answer(&said, tries[0]), format!("stopped after {}: EFBIG", 1 << 20));
    assert_eq!(answer(&said, tries[1]), "stopped after 40: EMFILE");
    assert!(said.iter().all(|line| !line.ends_with("done")), "{said:?}");
    // A limit that is raised is an error that Python calls a wrong value.
    assert_eq!(ending.termination, Some(Termination::Crashed));
    // All its temporary files together are bounded too.
    let (said, _) = Attacker::new(&[tries[0]]).run().await;
    assert_eq!(answer(&said, tries[0]), format!("stopped after {}: ENOSPC", 64 << 20));
}

/// Nobody has to read it all for it to be ended.
#[tokio::test]
async fn who_fills_its_output_waits_and_can_be_ended() {
    if !has(&[]) {
        return;
    }
    let attacker = Attacker::new(&["flood:"]);
    let mut program = attacker.start().await;
    program.launched.terminate();
    let ending = within("the end", program.launched.ended()).await.unwrap();
    assert_eq!((ending.status, ending.termination), (Status::Signalled(Signal::TERM.as_raw()), None));
    let mut rest = Vec::new();
    let read = within("its output", program.lines.get_mut().read_to_end(&mut rest)).await.unwrap();
    assert!(read <= 64 << 10, "{read}");
}
