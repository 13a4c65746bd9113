//! A replay that does not come to its end, and what is said of it.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    command,
    origin::{Origin, answer},
    recording::{Ask, Recording},
};
use crate::harness::{Run, ended, piped, run, within};

#[test]
fn an_interrupt_ends_it_with_a_report_of_what_was_done() {
    let plain = Origin::plain(|_| answer(200, "text/plain", ""));
    let recording = Recording::of(&plain, (0..8).map(|n| Ask::get(&format!("/{n}"))));
    let interrupted = Arc::<AtomicBool>::default();
    let until = Arc::clone(&interrupted);
    let origin = Origin::pondering(move |asked| {
        let until = Arc::clone(&until);
        async move {
            // The third waits.
            while asked.path == "/2" && !until.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            answer(200, "text/plain", "")
        }
    });
    let mut child = piped(&mut command(&recording.path(), &origin.url(), &[]));
    within("the third request", || origin.asked().len() == 3);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    // It says so before it waits for what is under way.
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    told.read_line(&mut stderr).unwrap();
    assert!(stderr.contains("no more is sent"), "{stderr}");
    interrupted.store(true, Ordering::SeqCst);
    told.read_to_string(&mut stderr).unwrap();
    let run = Run { stderr, ..ended(child) };
    assert_eq!(run.code, 2, "{run:#?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["sending"]["cut_short"], true);
    assert_eq!(report["compared"], 3);
    assert!(run.stderr.contains("interrupted: what is told is of the requests until then"), "{}", run.stderr);
}

#[test]
fn a_torn_line_is_left_out_and_another_fault_is_told() {
    let origin = Origin::plain(|_| answer(200, "text/plain", ""));
    let recording = Recording::of(&origin, (0..3).map(|n| Ask::get(&format!("/{n}"))));
    recording.edit(|flows| flows + "{\"format\":1,\"id\":\"01");
    let (code, report, stderr) = super::replay(&recording.path(), &origin.url(), &[]);
    assert_eq!((code, &report["compared"]), (0, &3.into()));
    assert!(stderr.contains("the last line is torn"), "{stderr}");
    recording.edit(|flows| flows + "\n");
    let run = super::replayed(&recording.path(), &origin.url(), &[]).unable();
    assert!(run.stderr.contains("flows.jsonl:4: "), "{}", run.stderr);
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("replay_run_help", run(["replay", "run", "--help"]).fine().stdout);
}
