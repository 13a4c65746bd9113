//! Servers that behave badly: never answer, trickle, reset, lie about their length, send what is no HTTP, or too much of it.

use std::time::{Duration, Instant};

use glyph_plugin::{Capability, wire::FetchHead};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::interval,
};

use super::Scene;
use crate::harness::{
    FakeOrigin, Got, RawOrigin,
    client::head,
    origin::nobody,
    outlet::{first, get},
    text,
};

/// What comes of asking that server within half a second.
async fn asked(scene: &Scene, url: String) -> (Got, Duration) {
    let began = Instant::now();
    let got = scene.guest.outlet.fetch(FetchHead { timeout_ms: 500, ..get(url) }).await;
    (got, began.elapsed())
}

async fn one_attempt() -> Scene {
    Scene::with(|config| config.policy.netgate.attempts = 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deadline_is_over_everything() {
    let silent = RawOrigin::serving(|mut stream| async move {
        drop(stream.read_to_end(&mut Vec::new()).await);
    })
    .await;
    let trickling = RawOrigin::serving(|mut stream| async move {
        head(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await);
        let mut ticks = interval(Duration::from_millis(20));
        while stream.write_all(b"x").await.is_ok() {
            ticks.tick().await;
        }
    })
    .await;
    let half_a_head = RawOrigin::serving(|mut stream| async move {
        head(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nx-").await);
        drop(stream.read_to_end(&mut Vec::new()).await);
    })
    .await;
    let scene = Scene::active().await;
    for (origin, begun) in [(&silent, false), (&trickling, true), (&half_a_head, false)] {
        let (got, took) = asked(&scene, origin.url("/")).await;
        assert_eq!(got.failed().0.as_str_name(), "FAILED_TIMEOUT", "{got:?}");
        assert_eq!(got.head.is_some(), begun);
        assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(5), "{took:?}");
    }
    // A request whose body never ends is under it, too.
    let (_hold, parts) = tokio::sync::mpsc::channel(1);
    let parts = tokio_stream::wrappers::ReceiverStream::new(parts);
    let head = FetchHead { method: "POST".to_owned(), timeout_ms: 500, ..get(scene.origin.url("/")) };
    let messages = tokio_stream::StreamExt::chain(tokio_stream::once(first(head)), parts);
    let answers = scene.guest.outlet.begin(messages, "").await.unwrap();
    let got = crate::harness::outlet::whole(answers).await.unwrap();
    assert_eq!(got.failed().0.as_str_name(), "FAILED_TIMEOUT");
    assert_eq!(scene.origin.seen().len(), 0);
    drop(scene.guest);
    scene.daemon.drain().await;
}

/// Closes so that the other side gets a reset.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_too_soon_is_told_as_such() {
    let scene = one_attempt().await;
    let resetting = RawOrigin::serving(|mut stream| async move {
        head(&mut stream).await;
        reset(stream);
    })
    .await;
    let short = RawOrigin::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let chunked =
        RawOrigin::answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
    let nothing = RawOrigin::answering(b"").await;
    for (url, begun) in [
        (resetting.url("/"), false),
        (nothing.url("/"), false),
        (short.url("/"), true),
        (chunked.url("/"), true),
    ] {
        let (got, _) = asked(&scene, url).await;
        assert_eq!(got.failed().0.as_str_name(), "FAILED_CLOSED", "{got:?}");
        assert_eq!((got.head.is_some(), got.body == b"half"), (begun, begun));
    }
    let (got, _) = asked(&scene, format!("http://{}/", nobody().await)).await;
    assert_eq!((got.failed().0.as_str_name(), got.end.attempts), ("FAILED_CONNECT", 1));
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_is_tried_again_for_who_only_reads() {
    let scene = Scene::active().await;
    let address = nobody().await;
    let fetch = |method: &str| {
        let url = format!("http://{address}/");
        scene.guest.outlet.fetch(FetchHead { method: method.to_owned(), ..get(url) })
    };
    let got = fetch("GET").await;
    assert_eq!((got.failed().0.as_str_name(), got.end.attempts), ("FAILED_CONNECT", 3));
    assert_eq!(fetch("POST").await.end.attempts, 1);
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let labels = [("plugin", "guest"), ("status", "0")];
    assert_eq!(recorded.counted("glyph_http_backoff_total", &labels).to_bits(), 2f64.to_bits());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_told_as_such() {
    let scene = one_attempt().await;
    let long: &'static [u8] =
        Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes().into());
    let many: &'static [u8] =
        Box::leak(format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(1_000)).into_bytes().into());
    for answer in [
        b"SSH-2.0-OpenSSH_9.2\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        long,
        many,
    ] {
        let origin = RawOrigin::answering(answer).await;
        let (got, _) = asked(&scene, origin.url("/")).await;
        let kind = got.failed().0.as_str_name();
        // Who is not read to the end may also see the connection go.
        assert!(kind == "FAILED_INVALID" || (answer.len() > 100_000 && kind == "FAILED_CLOSED"), "{got:?}");
    }
    // What comes after the length that was told is nobody's.
    let more =
        RawOrigin::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n").await;
    assert_eq!(asked(&scene, more.url("/")).await.0.fine(), (200, "ok".to_owned()));
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_has_a_size_that_it_may_have() {
    let told = FakeOrigin::answering(|_| text("x".repeat(1_001))).await;
    let untold = RawOrigin::serving(|mut stream| async move {
        head(&mut stream).await;
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await);
        while stream.write_all(&[b'x'; 100]).await.is_ok() {}
    })
    .await;
    let scene = Scene::of(Capability::CapHttpActive, told, |config| {
        config.policy.netgate.max_response_bytes = 2_000;
    })
    .await;
    let fetch =
        |url: String, most: u64| scene.guest.outlet.fetch(FetchHead { max_response_bytes: most, ..get(url) });
    assert_eq!(fetch(scene.origin.url("/"), 1_001).await.fine().1.len(), 1_001);
    let got = fetch(scene.origin.url("/"), 1_000).await;
    assert_eq!((got.failed().0.as_str_name(), got.head.is_none()), ("FAILED_TOO_LARGE", true));
    for most in [0, 1_000_000] {
        let got = fetch(untold.url("/"), most).await;
        assert_eq!(got.failed().0.as_str_name(), "FAILED_TOO_LARGE");
        assert!(got.body.len() <= 2_000);
    }
    drop(scene.guest);
    scene.daemon.drain().await;
}
