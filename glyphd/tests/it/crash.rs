//! `kill -9` under load: what a reader finds is whole lines, and what it does not find was answered within the flush
//! interval before the kill.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use glyph_formats::{Flow, Recording, Span, recording::FLOWS};
use rustix::process::Signal;

use crate::harness::{Client, DaemonProcess, FakeOrigin, client, process::command};

const INTERVAL: Duration = Duration::from_millis(20);
/// What a busy machine may take to get a flow from its answer to the log's thread, and from there to the system.
const SLACK: Duration = Duration::from_millis(500);
/// How long each daemon lives: longer than both together, so that what is not flushed is missed.
const LIFE: Duration = Duration::from_millis(1_300);
/// How long a slow client waits before each request: so slow that full buffers alone would flush nothing in that time.
const PAUSE: Duration = Duration::from_millis(50);

/// When each request was answered: `/CLIENT/NUMBER`.
type Answered = Vec<(String, Instant)>;

/// Asks until the daemon is gone; returns what was answered.
async fn load(
    daemon: &DaemonProcess,
    origin: &FakeOrigin,
    name: usize,
    slow: bool,
    killed: Arc<AtomicBool>,
) -> Answered {
    let mut ticks = tokio::time::interval(PAUSE);
    let mut sender = Client::connect(daemon.proxy).await;
    let url = origin.url("");
    let mut answered = Answered::new();
    while !killed.load(Ordering::Relaxed) {
        if slow {
            ticks.tick().await;
        }
        let path = format!("/{name}/{}", answered.len());
        let request = http::Request::get(format!("{url}{path}")).body(client::empty()).unwrap();
        let Ok(response) = sender.send(request).await else { break };
        if client::whole(response).await.is_err() {
            break;
        }
        answered.push((path, Instant::now()));
    }
    answered
}

/// Every line of a file but the last, which may be torn; none of them may be bad.
fn whole_lines<T: serde::de::DeserializeOwned>(path: &Path) -> (Vec<T>, bool) {
    let text = fs::read(path).unwrap();
    let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
    let torn = !lines.pop().unwrap().is_empty();
    let parse = |line| {
        serde_json::from_slice(line).unwrap_or_else(|e| panic!("{}: {e}", String::from_utf8_lossy(line)))
    };
    (lines.into_iter().map(parse).collect(), torn)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_ten_times() {
    let origin = FakeOrigin::ok().await;
    let (mut in_all, mut lost_in_all, mut torn_in_all) = (0, 0, 0);
    for round in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let recording = dir.path().join("recording");
        let args = [
            "--flush-interval",
            "20ms",
            "--log",
            "warn,glyphd::app=info",
            "--record",
            recording.to_str().unwrap(),
        ];
        let daemon = DaemonProcess::spawn(command(args)).await;
        let killed = Arc::new(AtomicBool::new(false));
        let clients = async {
            let one = |name| load(&daemon, &origin, name, round % 2 == 1, Arc::clone(&killed));
            tokio::join!(one(0), one(1), one(2))
        };
        let kill = async {
            tokio::time::sleep(LIFE).await;
            let at = Instant::now();
            daemon.signal(Signal::KILL);
            killed.store(true, Ordering::Relaxed);
            at
        };
        let ((one, two, three), at) = tokio::join!(clients, kill);
        daemon.ended().await;

        let (flows, torn) = whole_lines::<Flow>(&recording.join(FLOWS));
        drop(whole_lines::<Span>(&recording.join("traces.jsonl")));
        assert_eq!(Recording::open(&recording).unwrap().info.end_time_unix_nano, None);
        let logged: std::collections::BTreeSet<_> =
            flows.iter().map(|flow| flow.request.url.strip_prefix(&origin.url("")).unwrap()).collect();
        let answered: Answered = [one, two, three].concat();
        let lost: Vec<_> = answered.iter().filter(|(path, _)| !logged.contains(path.as_str())).collect();
        for (path, when) in &lost {
            let before = at.saturating_duration_since(*when);
            assert!(
                before <= INTERVAL + SLACK,
                "{path} was answered {before:?} before the kill and is not there"
            );
        }
        assert!(!logged.is_empty() && lost.len() < answered.len(), "{} answered", answered.len());
        in_all += answered.len();
        lost_in_all += lost.len();
        torn_in_all += usize::from(torn);
    }
    eprintln!("{in_all} answered, {lost_in_all} lost, {torn_in_all} of 10 files with a torn last line");
}
