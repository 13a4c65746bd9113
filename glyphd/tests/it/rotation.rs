//! Files that are closed while the daemon runs, by size and by age: listed in `recording.json` at once, compressed, read as
//! one, and deleted, counted, when there are too many.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use glyph_formats::{
    Flow, Recording,
    recording::{FLOWS, TRACES},
};
use glyphd::config::Rotation;

use crate::harness::{FakeOrigin, TestDaemon, records, told};

/// The closed segments that `recording.json` lists for a file.
fn listed(dir: &Path, name: &str) -> Vec<String> {
    Recording::open(dir).unwrap().info.segments.remove(name).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_files_are_listed_while_the_daemon_runs_and_nothing_is_lost_between_them() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| {
        config.writing.flush_interval = Duration::from_millis(1);
        config.writing.rotation = Some(Rotation { segment_bytes: 2_000, ..Rotation::default() });
    })
    .await;
    let dir = daemon.recording();
    let mut client = daemon.client().await;
    let mut asked = 0;
    // A crash from here on finds a true list.
    told::until("five closed and compressed files", async || {
        client.get(&origin.url("/")).await;
        asked += 1;
        let flows = listed(&dir, FLOWS);
        flows.len() >= 5
            && flows.iter().all(|name| name.ends_with(".jsonl.zst"))
            && !listed(&dir, TRACES).is_empty()
    })
    .await;
    assert_eq!(listed(&dir, FLOWS)[0], "flows.000001.jsonl.zst");
    assert!(listed(&dir, FLOWS).iter().all(|name| dir.join(name).exists()));
    let recorded = daemon.drain().await;
    let sequences: Vec<_> = recorded.flows.iter().map(|flow| flow.sequence).collect();
    assert_eq!(sequences, (1..=asked).collect::<Vec<_>>());
    let there: BTreeSet<_> = fs::read_dir(&recorded.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("flows.0"))
        .collect();
    assert_eq!(listed(&recorded.dir, FLOWS).into_iter().collect::<BTreeSet<_>>(), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_some_age_is_closed_though_nothing_comes() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| {
        let rotation = Rotation { segment_age: Some(Duration::from_millis(100)), ..Rotation::default() };
        config.writing.rotation = Some(rotation);
    })
    .await;
    let dir = daemon.recording();
    daemon.client().await.get(&origin.url("/")).await;
    told::until("a closed file", async || listed(&dir, FLOWS) == ["flows.000001.jsonl.zst"]).await;
    assert_eq!(fs::read_to_string(dir.join(FLOWS)).unwrap(), "");
    assert_eq!(daemon.drain().await.flow().sequence, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_deleted_from_the_oldest_on_and_counted() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| {
        config.writing.flush_interval = Duration::from_millis(1);
        config.writing.rotation =
            Some(Rotation { segment_bytes: 1_000, total_bytes: 4_000, ..Rotation::default() });
    })
    .await;
    let deleted = [("file", "flows")];
    let mut client = daemon.client().await;
    let metrics = daemon.metrics();
    told::until("a deleted file", async || {
        client.get(&origin.url("/")).await;
        told::counted(metrics, "glyph_segments_deleted_total", &deleted).await >= 2.0
    })
    .await;
    let recorded = daemon.drain().await;
    let first = recorded.flows[0].sequence;
    assert!(first > 1, "the oldest are gone");
    let last = recorded.summary.flows;
    assert_eq!(
        recorded.flows.iter().map(|f| f.sequence).collect::<Vec<_>>(),
        (first..=last).collect::<Vec<_>>()
    );
    let listed = listed(&recorded.dir, FLOWS);
    assert!(!listed.is_empty() && listed.iter().all(|name| recorded.dir.join(name).exists()), "{listed:?}");
    let flows: Vec<Flow> = records::lines(&recorded.dir.join(FLOWS));
    assert_eq!(flows.len(), recorded.flows.len());
}
