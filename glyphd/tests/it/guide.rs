//! The guide's command, to the letter.

use std::process::Stdio;

use glyph_formats::{Span, jsonl};
use rustix::process::Signal;

use crate::harness::{
    DaemonProcess, FakeOrigin,
    process::{GLYPHD, command_by, run},
};

const GUIDE: &str = "glyphd --trace-endpoint http://otel-collector:4318/v1/traces --trace-service-name glyphd-prod \
                     --trace-sample-ratio 0.5 --trace-file /var/log/glyph/traces.jsonl";

/// `unshare` with a mount namespace of its own, in which `script` runs.
fn apart(script: &str) -> tokio::process::Command {
    let flags = if rustix::process::geteuid().is_root() { "-m" } else { "-Urm" };
    command_by("unshare", [flags, "sh", "-ec", script])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_the_guide_works_to_the_letter() {
    // /var/log is the machine's; what happens there happens to a file system that ends with the process.
    let mount = "mount -t tmpfs none /var/log";
    let trial = run(apart(mount)).await;
    if trial.code != Some(0) {
        eprintln!("skipped: no mount namespace: {}", trial.stderr.trim());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(GLYPHD, dir.path().join("glyphd")).unwrap();
    // Twice, as a service does; then what is there, copied to where this test can see it.
    let script = format!(
        "{mount}; cd {dir}; PATH=$PWD:$PATH\n{GUIDE} & pid=$!; trap \"kill -TERM $pid\" TERM; set +e\n\
         wait $pid; trap - TERM; wait $pid; echo \"exit $?\" >&2\nset -e; cp /var/log/glyph/traces.jsonl once.jsonl\n\
         {GUIDE} & pid=$!; trap \"kill -TERM $pid\" TERM; set +e\n\
         wait $pid; trap - TERM; wait $pid; echo \"exit $?\" >&2\n\
         stat -c '%a %s' /var/log/glyph/traces.jsonl >&2; cp /var/log/glyph/traces.jsonl twice.jsonl\n",
        dir = dir.path().display()
    );
    let origin = FakeOrigin::ok().await;
    let mut command = apart(&script);
    command.stdout(Stdio::null());
    let mut daemon = DaemonProcess::spawn(command).await;
    for round in 0..2 {
        if round > 0 {
            daemon.listens().await;
        }
        let mut client = daemon.client().await;
        for _ in 0..50 {
            assert_eq!(client.get(&origin.url("/")).await.text(), "ok");
        }
        daemon.signal(Signal::TERM);
        let line = daemon.line("exit ").await;
        assert_eq!(line, "exit 0");
    }
    let ended = daemon.ended().await;
    assert_eq!(ended.warnings().len(), 2, "one for each run: {}", ended.stderr);
    assert!(ended.warnings().iter().all(|w| w.contains("otel-collector:4318/v1/traces")), "{}", ended.stderr);
    let spans = |name: &str| -> Vec<Span> {
        jsonl::records(&dir.path().join(name)).unwrap().map(Result::unwrap).collect()
    };
    let (once, twice) = (spans("once.jsonl"), spans("twice.jsonl"));
    assert!(!once.is_empty() && twice.len() > once.len(), "{} and then {}", once.len(), twice.len());
    assert_eq!(twice[..once.len()], once, "appended");
    assert!(twice.iter().all(|span| span.service_name == "glyphd-prod"));
    // One in 2^50 runs has all.
    let roots = once.iter().filter(|span| span.name == "proxy.capture_flow").count();
    assert!((1..50).contains(&roots), "{roots} of 50");
    let stat = ended.stderr.lines().rev().find(|line| line.starts_with("600 "));
    assert!(stat.is_some(), "readable by its owner alone: {}", ended.stderr);
}
