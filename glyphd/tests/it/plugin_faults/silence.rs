//! Plugins of which nothing is heard.

use std::time::Duration;

use glyph_formats::Decision;
use glyph_plugin::wire::bus_message::Message;
use glyphd::config::HeartbeatOptions;
use rustix::process::{Pid, Signal, kill_process};

use super::{GUEST, Scene, assert_barred, noted, only};
use crate::harness::{
    FakeOrigin, PluginsDir, TestDaemon, Witness,
    plugin::{line_from, make_fifo},
    told::until_plugin,
};

/// Asked often, and with time enough to answer on a machine that is busy with other things.
const HEARTBEAT: HeartbeatOptions =
    HeartbeatOptions { every: Duration::from_millis(200), timeout: Duration::from_secs(4) };
const DEAD: &str = "did not answer a heartbeat within 4s";

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_reads_is_dropped_for_and_then_ended_as_dead() {
    let mut scene = Scene::with("queue_capacity = 1", |config| config.plugin_heartbeat = HEARTBEAT).await;
    let plugin = scene.guest.take().await;
    let mut client = scene.daemon.client().await;
    for _ in 0..100 {
        assert_eq!(client.get(&scene.origin.url("/")).await.text(), "ok");
    }
    scene.others_are_served().await;
    let full = scene.counted("glyph_plugin_queue_dropped_total", ("event", "flow")).await;
    scene.guest_is("barred").await;
    scene.others_are_served().await;
    drop(plugin);
    let recorded = scene.drain().await;
    assert_barred(&recorded, "heartbeat", DEAD);
    // 101 exchanges have two sides each. It had 64 events ahead of its answers, and at most one in its queue.
    assert!((137.0..=138.0).contains(&full), "{full} found the queue full");
    assert_eq!(noted(only(&recorded, "session_closed", Decision::Deny), "delivered"), "64");
    assert_eq!(recorded.summary.events_dropped, 2 * 101 - 64);
    let never = [("plugin", GUEST), ("event", "flow")];
    assert!((recorded.counted("glyph_plugin_event_failures_total", &never) - 64.0).abs() < 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_answers_heartbeats_and_says_nothing_else_lives_on() {
    let heartbeat = HeartbeatOptions { every: Duration::from_millis(100), timeout: Duration::from_secs(2) };
    let mut scene = Scene::with("", |config| config.plugin_heartbeat = heartbeat).await;
    let mut plugin = scene.guest.take().await;
    assert_eq!(plugin.welcome.heartbeat_timeout_ms, 2_000);
    // Each comes after a tenth of a second of silence: these take longer than one may be silent.
    for beat in 0..25 {
        let asked = plugin.next().await.unwrap().unwrap().message;
        assert!(matches!(asked, Some(Message::Heartbeat(_))), "{beat}: {asked:?}");
        plugin.heartbeat().await;
    }
    scene.others_are_served().await;
    let work = tokio::spawn(plugin.work());
    let recorded = scene.drain().await;
    assert_eq!(work.await.unwrap().len(), 2, "and it gets what there is");
    let closed = only(&recorded, "session_closed", Decision::Info);
    assert_eq!(closed.reason.as_deref(), Some("glyphd stops"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_stopped_is_found_dead_and_killed_in_the_end() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let witness = plugins.fake("witness");
    let dir = plugins.passive_headers_by("echo $$ > pid\nexec \"$@\"\n");
    make_fifo(&dir.join("pid"));
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.plugin_heartbeat = HEARTBEAT;
    })
    .await;
    let pid = Pid::from_raw(line_from(&dir.join("pid")).await.parse().unwrap()).unwrap();
    let mut witness = Witness::of(witness.take().await);
    daemon.plugins_settled().await;
    witness.is_served(daemon.proxy(), &origin).await;
    until_plugin(daemon.metrics(), "passive-headers", "connected").await;
    kill_process(pid, Signal::STOP).unwrap();
    witness.is_served(daemon.proxy(), &origin).await;
    until_plugin(daemon.metrics(), "passive-headers", "barred").await;
    witness.is_served(daemon.proxy(), &origin).await;
    // Stopped as it is it hears neither a goodbye nor a TERM.
    let recorded = daemon.drain().await;
    witness.ended().await;
    let closed = recorded.audited("session_closed", Decision::Deny);
    assert_eq!(closed.len(), 1);
    assert!(closed[0].reason.as_ref().unwrap().contains(DEAD), "{closed:?}");
    let dead = [("plugin", "passive-headers"), ("reason", "heartbeat")];
    assert!((recorded.counted("glyph_plugin_errors_total", &dead) - 1.0).abs() < 0.5);
    let stopped = recorded.audited("plugin_stopped", Decision::Info);
    let stopped = stopped.iter().find(|e| e.plugin.as_deref() == Some("passive-headers")).unwrap();
    assert!(stopped.reason.as_ref().unwrap().contains("SIGKILL"), "{stopped:?}");
}
