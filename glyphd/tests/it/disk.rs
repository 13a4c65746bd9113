//! A disk that refuses, hangs, or is taken away: traffic goes on, `/readyz` and the metrics say so, and when the disk is
//! well again, so is the recording.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Command,
};

use glyph_formats::{AuditEntry, Flow, recording::FLOWS};
use http::{Method, StatusCode};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::harness::{
    Client, DaemonProcess, FakeOrigin, PluginsDir, TestDaemon, operator,
    process::{GLYPHD, command_by},
    records, text,
    told::{self, counted, get},
    within,
};

const LARGE: usize = 100_000;
const DROPPED: &str = "glyph_flow_log_dropped_total";
const FAULTS: &str = "glyph_file_faults_total";
const FAILING: &str = "glyph_file_failing";

/// An origin whose answers take room.
async fn large() -> FakeOrigin {
    FakeOrigin::answering(|_| text("x".repeat(LARGE))).await
}

/// Lets no file of that process grow beyond so many bytes.
fn limit_files(of: Pid, bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    prlimit(Some(of), Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

async fn status(daemon: &DaemonProcess) -> StatusCode {
    let mut client = Client::connect(daemon.metrics).await;
    client.get("/readyz").await.status
}

/// Asks through the proxy until the daemon is not ready for that reason, be it with others; returns how often.
async fn until_red(daemon: &DaemonProcess, client: &mut Client, url: &str, reason: &str) -> u64 {
    let mut asked = 0;
    while !get(daemon.metrics, "/readyz").await.lines().any(|line| line == reason) {
        assert_eq!(client.get(url).await.text().len(), LARGE);
        asked += 1;
        assert!(asked < 1_000, "it stays ready");
    }
    asked
}

async fn until_green(daemon: &DaemonProcess) {
    told::until("a ready daemon", async || status(daemon).await == StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_refuses_costs_what_finds_no_room_in_memory_and_nothing_else() {
    let origin = large().await;
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let args = ["--flush-interval", "10ms", "--record", recording.to_str().unwrap()];
    let mut daemon = DaemonProcess::start(args).await;
    let (mut client, url) = (daemon.client().await, origin.url("/"));
    limit_files(daemon.pid(), Some(250_000));
    let reason = format!("file {}: File too large (os error 27)", recording.join(FLOWS).display());
    let mut asked = until_red(&daemon, &mut client, &url, &reason).await;
    daemon.line("the file can't be written").await;
    let told = get(daemon.metrics, "/readyz").await;
    assert!(told.starts_with("not ready\n"), "{told}");

    // More than the 16 MiB that may wait.
    for _ in 0..200 {
        assert_eq!(client.get(&url).await.text().len(), LARGE, "traffic goes on");
        asked += 1;
    }
    let refused = [("reason", "disk_refused")];
    told::until("drops", async || counted(daemon.metrics, DROPPED, &refused).await > 0.0).await;
    daemon.line("flows were not recorded reason=\"disk_refused\" flows=").await;
    let flows = [("file", "flows")];
    assert!(counted(daemon.metrics, FAULTS, &flows).await >= 1.0);
    assert_eq!(counted(daemon.metrics, FAILING, &flows).await, 1.0);

    limit_files(daemon.pid(), None);
    until_green(&daemon).await;
    assert_eq!(counted(daemon.metrics, FAILING, &flows).await, 0.0);
    let dropped = counted(daemon.metrics, DROPPED, &refused).await;
    for _ in 0..10 {
        client.get(&url).await;
        asked += 1;
    }
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("the file can be written again"), "{}", ended.stderr);
    let mut flows: Vec<Flow> = records::lines(&recording.join(FLOWS));
    flows.sort_by_key(|flow| flow.sequence);
    assert_eq!(flows.len() as u64 + dropped as u64, asked, "every flow is there, or counted");
    assert!((30.0..100.0).contains(&dropped), "{dropped} of 200 and some, when about 160 have room");
    let last: Vec<_> = flows.iter().rev().take(10).map(|flow| flow.sequence).collect();
    assert_eq!(last, (asked - 9..=asked).rev().collect::<Vec<_>>(), "what came later is all there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_filesystem_that_is_full_and_has_room_again() {
    let mount = "mount -t tmpfs -o size=10m none \"$0\"";
    let dir = tempfile::tempdir().unwrap();
    let may = Command::new("unshare").args(["-rm", "sh", "-c", mount]).arg(dir.path()).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: nobody but root may mount a filesystem here");
        return;
    }
    let script = format!(
        "{mount} && head -c 8000000 /dev/zero > \"$0/ballast\" && exec {GLYPHD} --flush-interval 10ms --record \"$0/recording\""
    );
    let dir = dir.path().to_str().unwrap();
    let daemon = DaemonProcess::spawn(command_by("unshare", ["-rm", "sh", "-c", &script, dir])).await;
    let inside = Path::new("/proc").join(daemon.pid().as_raw_nonzero().to_string()).join("root");
    let inside = inside.join(dir.trim_start_matches('/'));
    let origin = large().await;
    let (mut client, url) = (daemon.client().await, origin.url("/"));
    let flows = Path::new(dir).join("recording").join(FLOWS);
    // Other files may find no room before this one does.
    let reason = format!("file {}: No space left on device (os error 28)", flows.display());
    let mut asked = until_red(&daemon, &mut client, &url, &reason).await;
    assert_eq!(status(&daemon).await, StatusCode::SERVICE_UNAVAILABLE);
    fs::remove_file(inside.join("ballast")).unwrap();
    until_green(&daemon).await;
    client.get(&url).await;
    asked += 1;
    // The files are gone with the process, and a flow is in them a moment after its answer.
    told::until("all flows", async || {
        let text = fs::read_to_string(inside.join("recording").join(FLOWS)).unwrap();
        text.lines().all(|line| serde_json::from_str::<Flow>(line).is_ok())
            && text.lines().count() as u64 == asked
    })
    .await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_is_waited_for_once_and_then_traffic_goes_on_with_few_words() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("flows");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut daemon = DaemonProcess::start(["--flow-file", fifo.to_str().unwrap()]).await;
    let origin = large().await;
    // Nobody reads: the pipe takes 64 KiB, and then it hangs; 64 MiB may wait.
    let mut client = daemon.client().await;
    let asked = 1_000;
    for _ in 0..asked {
        assert_eq!(client.get(&origin.url("/")).await.status, StatusCode::OK);
    }
    daemon.line("flows were not recorded reason=\"log_full\" flows=").await;
    let reader = fs::File::open(&fifo).unwrap();
    let lines = std::thread::spawn(move || {
        let lines = BufReader::new(reader).lines().map(Result::unwrap);
        lines.map(|line| serde_json::from_str::<Flow>(&line).unwrap()).collect::<Vec<_>>().len()
    });
    let ended = daemon.stop().await;
    let (_, dropped) = ended.stderr.split_once("flows_dropped=").unwrap();
    let dropped: usize = dropped.split(' ').next().unwrap().parse().unwrap();
    assert!((1..asked / 2).contains(&dropped), "{dropped} of {asked}, when 64 MiB have room");
    let told = ended.warnings();
    assert!((1..10).contains(&told.len()), "not a line for each flow: {told:?}");
    let lines = within("the reader", tokio::task::spawn_blocking(|| lines.join().unwrap())).await.unwrap();
    assert_eq!(lines + dropped, asked, "every flow is there, or counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_is_begun_anew_and_a_folder_that_is_gone_is_missed_until_it_is_back() {
    let origin = FakeOrigin::ok().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("flows.jsonl");
    let daemon = TestDaemon::with(|config| {
        config.record = None;
        config.writing.flush_interval = std::time::Duration::from_millis(5);
        config.flow_file = Some(file.clone());
    })
    .await;
    let (mut client, metrics) = (daemon.client().await, daemon.metrics());
    let lines = async |count| {
        let read = || fs::read_to_string(&file).unwrap_or_default();
        told::until("lines", async || read().lines().count() == count && read().ends_with('\n')).await;
    };
    client.get(&origin.url("/1")).await;
    client.get(&origin.url("/2")).await;
    lines(2).await;
    fs::remove_file(&file).unwrap();
    client.get(&origin.url("/3")).await;
    lines(1).await;
    assert!(get(metrics, "/readyz").await.starts_with("ready\n"));
    assert_eq!(counted(metrics, FAULTS, &[("file", "flows")]).await as u64, 1);

    let away = elsewhere.path().join("away");
    fs::rename(&folder, &away).unwrap();
    client.get(&origin.url("/4")).await;
    let missed = format!("file {}: No such file or directory (os error 2)\n", file.display());
    told::until("a daemon that is not ready", async || get(metrics, "/readyz").await.contains(&missed)).await;
    fs::rename(&away, &folder).unwrap();
    told::until("a ready daemon", async || get(metrics, "/readyz").await.starts_with("ready\n")).await;
    lines(2).await;
    within("the daemon's end", daemon.into_daemon().drain()).await.unwrap();
    let flows: Vec<Flow> = records::lines(&file);
    assert_eq!(flows.iter().map(|flow| flow.sequence).collect::<Vec<_>>(), [3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_on_a_full_disk_turns_readyz_red_too_and_never_says_what_was_refused() {
    let plugins = PluginsDir::new();
    plugins.script("guest", "read line\n");
    let (dir, plugins_dir) = (tempfile::tempdir().unwrap(), plugins.path());
    let (audit, control) = (dir.path().join("audit.jsonl"), dir.path().join("control.sock"));
    let args = [
        ["--plugins-dir", plugins_dir.to_str().unwrap()],
        ["--audit-file", audit.to_str().unwrap()],
        ["--control-addr", control.to_str().unwrap()],
    ];
    let daemon = DaemonProcess::start(args.as_flattened()).await;
    let ask = async || operator::ask(&control, Method::POST, "/v1/plugins/guest/token").await.0;
    let fault = format!("file {}: File too large (os error 27)\n", audit.display());
    let is_red = async || get(daemon.metrics, "/readyz").await.contains(&fault);
    assert_eq!((ask().await, is_red().await), (200, false));
    // Some of the next entry has room, not all.
    limit_files(daemon.pid(), Some(fs::metadata(&audit).unwrap().len() + 50));
    assert_eq!((ask().await, ask().await, is_red().await), (503, 503, true));
    limit_files(daemon.pid(), None);
    told::until("an audit that can be written", async || !is_red().await).await;
    assert_eq!(ask().await, 200);
    assert_eq!(daemon.stop().await.code, Some(0));
    let given = records::lines::<AuditEntry>(&audit)
        .into_iter()
        .filter(|entry| entry.event == "token_issued" && entry.component == "control");
    assert_eq!(given.count(), 2, "{}", fs::read_to_string(&audit).unwrap());
}
