//! Answers that lead elsewhere: each place is judged as if it had been asked for.

use std::sync::Arc;

use glyph_formats::Decision;
use glyph_plugin::{Capability, wire::FetchHead};
use http::{HeaderValue, StatusCode, header::LOCATION};

use super::Scene;
use crate::harness::{
    FakeOrigin,
    outlet::{first, get, header, part, whole},
    text,
};

/// Answers `/STATUS/URL` with that status, leading to that URL, and all else with what came.
async fn leading() -> FakeOrigin {
    FakeOrigin::answering(|request| {
        let path = request.target.to_string();
        let Some((status, location)) =
            path[1..].split_once('/').and_then(|(s, l)| Some((s.parse().ok()?, l)))
        else {
            return text(format!("{} {}", request.method, String::from_utf8_lossy(&request.body)));
        };
        let mut answer = text("elsewhere");
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer.headers_mut().insert(LOCATION, HeaderValue::try_from(location).unwrap());
        answer
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_without_credentials_for_others() {
    let other = leading().await;
    let scene = Scene::of(Capability::CapHttpActive, leading().await, |_| {}).await;
    let secrets =
        ["authorization", "cookie", "proxy-authorization", "x-own"].map(|name| header(name, "s3cret"));
    let fetch = |path: String| {
        let head = FetchHead { headers: secrets.to_vec(), ..get(scene.origin.url(&path)) };
        scene.guest.outlet.fetch(head)
    };
    let got = fetch(format!("/302/{}", scene.origin.url("/here"))).await;
    assert_eq!((got.fine(), got.end.redirects, got.end.attempts), ((200, "GET ".to_owned()), 1, 2));
    assert_eq!(got.head.unwrap().url, scene.origin.url("/here"));
    let seen = scene.origin.seen();
    assert!(["authorization", "cookie", "x-own"].iter().all(|name| seen[1].header(name) == "s3cret"));

    let got = fetch(format!("/302/{}", other.url(&format!("/302/{}", scene.origin.url("/back"))))).await;
    assert_eq!((got.fine().0, got.end.redirects), (200, 2));
    for seen in other.seen().iter().chain(scene.origin.seen().last()) {
        assert_eq!(seen.header("x-own"), "s3cret");
        assert!(
            ["authorization", "cookie", "proxy-authorization"]
                .iter()
                .all(|name| seen.header(name).is_empty())
        );
    }
    let kept = FetchHead { keep_redirects: true, ..get(scene.origin.url("/302/http://10.0.0.1/")) };
    let got = scene.guest.outlet.fetch(kept).await;
    assert_eq!(got.fine(), (302, "elsewhere".to_owned()));
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    assert_eq!(recorded.audited("http_requested", Decision::Allow).len(), 6, "each hop is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_on_is_what_browsers_send_on() {
    let scene = Scene::of(Capability::CapHttpActive, leading().await, |_| {}).await;
    let outlet = &scene.guest.outlet;
    let post = |status: u16, body: Vec<u8>| {
        let url = scene.origin.url(&format!("/{status}/{}", scene.origin.url("/here")));
        let head = FetchHead { method: "POST".to_owned(), ..get(url) };
        let parts: Vec<_> = body.chunks(1 << 16).map(|chunk| part(chunk.to_vec())).collect();
        let begun = outlet.begin(tokio_stream::iter(std::iter::once(first(head)).chain(parts)), "");
        async move { whole(begun.await.unwrap()).await.unwrap() }
    };
    for (status, sent) in [(302, "GET "), (303, "GET "), (307, "POST abc"), (308, "POST abc")] {
        assert_eq!(post(status, b"abc".to_vec()).await.fine(), (200, sent.to_owned()), "{status}");
    }
    let got = post(307, vec![b'x'; 300_000]).await;
    assert_eq!(
        got.failed(),
        (glyph_plugin::FailureKind::FailedRedirect, "the redirect wants a body again that was not kept")
    );
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_redirect_leads_is_judged() {
    let scene = Scene::of(Capability::CapHttpActive, leading().await, |_| {}).await;
    let own = scene.daemon.metrics();
    for (location, reason) in [
        ("http://10.0.0.1/".to_owned(), "DENIED_ADDRESS"),
        ("http://[::ffff:169.254.169.254]/latest/meta-data/".to_owned(), "DENIED_ADDRESS"),
        ("file:///etc/passwd".to_owned(), "DENIED_SCHEME"),
        ("http://a:b@127.0.0.1/".to_owned(), "DENIED_URL"),
        (format!("http://{own}/metrics"), "DENIED_OWN"),
    ] {
        let got = scene.guest.outlet.fetch(get(scene.origin.url(&format!("/302/{location}")))).await;
        assert_eq!(got.denied().0.as_str_name(), reason, "{location}");
        assert!(got.head.is_none());
    }
    let round = Arc::new(scene.origin.url("/302/"));
    let got = scene
        .guest
        .outlet
        .fetch(get(format!("{round}{round}{round}{round}{round}{round}{round}{round}{round}{round}{round}x")))
        .await;
    assert_eq!(got.failed().0.as_str_name(), "FAILED_REDIRECT", "{got:?}");
    assert_eq!(got.end.redirects, 10);
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let denied = recorded.audited("http_requested", Decision::Deny);
    assert_eq!(denied.len(), 5);
    assert_eq!(denied[0].metadata.get("url").unwrap().to_string(), "http://10.0.0.1/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_may_look_is_not_led_away() {
    let other = FakeOrigin::ok().await;
    let mut scene = Scene::of(Capability::CapHttpPassive, leading().await, |_| {}).await;
    scene.daemon.client().await.get(&scene.origin.url("/page")).await;
    let (event, _) = scene.guest.plugin.event().await;
    let fetch = |location: String| {
        let url = scene.origin.url(&format!("/302/{location}"));
        scene.guest.outlet.fetch(FetchHead { flow_id: event.flow_id.clone(), ..get(url) })
    };
    assert_eq!(fetch(scene.origin.url("/here")).await.fine().0, 200);
    assert_eq!(fetch(other.url("/")).await.denied().0.as_str_name(), "DENIED_ORIGIN");
    assert_eq!(other.seen().len(), 0);
    drop(scene.guest);
    scene.daemon.drain().await;
}
