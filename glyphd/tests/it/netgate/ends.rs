//! What becomes of fetches that are under way when something ends.

use std::time::{Duration, Instant};

use glyph_plugin::Capability;
use tokio::{io::AsyncReadExt, sync::mpsc, task::JoinSet};

use super::Scene;
use crate::harness::{FakeOrigin, Guest, RawOrigin, outlet::get, records::attribute, told::until, within};

/// Takes requests and answers none.
async fn silent() -> RawOrigin {
    RawOrigin::serving(|mut stream| async move {
        drop(stream.read_to_end(&mut Vec::new()).await);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_ends_fifty_fetches_and_says_so() {
    let scene = Scene::with(|config| config.policy.netgate.requests_per_host = 30).await;
    let silent = silent().await;
    // Thirty are under way, twenty wait.
    let mut fetches = JoinSet::from_iter((0..50).map(|_| scene.guest.outlet.try_fetch(get(silent.url("/")))));
    let waiting = "glyph_http_throttle_total{scope=\"host\"} 20";
    let metrics = scene.daemon.metrics();
    until("fifty fetches", async || crate::harness::told::get(metrics, "/metrics").await.contains(waiting))
        .await;
    let Guest { plugin, .. } = scene.guest;
    let began = Instant::now();
    let (recorded, worked, answers) = tokio::join!(scene.daemon.drain(), plugin.work(), async {
        std::mem::take(&mut fetches).join_all().await
    });
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((worked.len(), answers.len()), (0, 50));
    let stopped = answers.iter().filter(|answer| match answer {
        Ok(got) => got.failed().0.as_str_name() == "FAILED_STOPPED",
        Err(_) => false,
    });
    assert_eq!(stopped.count(), 50, "{answers:?}");
    let spans = recorded.spans_named("netgate.http_request");
    assert_eq!(spans.len(), 50);
    assert!(spans.iter().all(|span| attribute(span, "error.type") == "stopped"), "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_takes_its_fetches_with_it_and_no_others() {
    let daemon = crate::harness::TestDaemon::with(|config| {
        let both = [("one", Capability::CapHttpActive), ("other", Capability::CapHttpActive)];
        crate::harness::outlet::open_to(config, &both);
    })
    .await;
    let (come, mut came) = mpsc::unbounded_channel();
    let silent = RawOrigin::serving(move |mut stream| {
        let come = come.clone();
        async move {
            come.send(()).ok();
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
    })
    .await;
    let origin = FakeOrigin::ok().await;
    let (one, other) = (Guest::of(&daemon, "one").await, Guest::of(&daemon, "other").await);
    let fetch = tokio::spawn(one.outlet.try_fetch(get(silent.url("/"))));
    let waits = tokio::spawn(other.outlet.try_fetch(get(silent.url("/"))));
    for _ in 0..2 {
        within("both fetches", came.recv()).await.unwrap();
    }
    // The session is there until the plugin leaves; what it asked for is not waited for.
    one.outlet.fetch(get(origin.url("/"))).await.fine();
    one.plugin.leave().await;
    let got = fetch.await.unwrap().unwrap();
    assert_eq!(got.failed().0.as_str_name(), "FAILED_STOPPED");
    other.outlet.fetch(get(origin.url("/"))).await.fine();
    assert!(!waits.is_finished());
    waits.abort();
    drop(other);
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_read_its_answer_holds_nothing_up() {
    let origin = FakeOrigin::answering(|_| crate::harness::text("x".repeat(8 << 20))).await;
    let scene = Scene::of(Capability::CapHttpActive, origin, |config| {
        config.policy.netgate.timeout_ms = 500;
    })
    .await;
    let head = crate::harness::outlet::first(get(scene.origin.url("/")));
    let answers = scene.guest.outlet.begin(tokio_stream::once(head), "").await.unwrap();
    let metrics = scene.daemon.metrics();
    let ended = "glyph_http_request_duration_seconds_count{via=\"netgate\"";
    until("its end", async || crate::harness::told::get(metrics, "/metrics").await.contains(ended)).await;
    let got = crate::harness::outlet::whole(answers).await.unwrap();
    assert_eq!(got.failed().0.as_str_name(), "FAILED_TIMEOUT");
    assert!(got.body.len() < 8 << 20);
    drop(scene.guest);
    scene.daemon.drain().await;
}
