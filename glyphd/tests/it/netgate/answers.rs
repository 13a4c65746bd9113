//! What a plugin that may fetch gets, and what is said of it.

use glyph_formats::Decision;
use glyph_plugin::{Capability, Phase, wire::FetchHead};
use http::{HeaderMap, Response, StatusCode, Version};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::Scene;
use crate::harness::{
    FakeOrigin, Guest, TestDaemon,
    outlet::{first, get, header, open_to, part, whole},
    records::{attribute, number, traceparent},
    secure::{Authority, SecureOrigin},
    text,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_response_comes_back_and_is_on_every_record() {
    let scene = Scene::active().await;
    let url = scene.origin.url("/page?token=s3cretvalue&x=1");
    let head =
        FetchHead { headers: vec![header("x-own", "yes"), header("host", "evil.example")], ..get(&url) };
    let got = scene.guest.outlet.fetch(head).await;
    assert_eq!(got.fine(), (200, "ok".to_owned()));
    let answered = got.head.as_ref().unwrap();
    assert_eq!((answered.version.as_str(), answered.url.as_str()), ("HTTP/1.1", url.as_str()));
    assert!(answered.headers.contains(&header("content-type", "text/plain")));
    assert_eq!((got.end.attempts, got.end.redirects, got.end.backoff_us), (1, 0, 0));
    let seen = scene.origin.seen();
    assert_eq!(
        (seen[0].header("x-own"), seen[0].header("host")),
        ("yes", &*scene.origin.address().to_string())
    );
    let (trace, sent_in, _) = traceparent(seen[0].header("traceparent"));

    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let span = recorded.span(trace, "netgate.http_request");
    assert_eq!(span.span_id, sent_in);
    assert_eq!((span.kind.as_str(), span.status.as_str()), ("client", "ok"));
    for (name, value) in [
        ("http.request.method", "GET"),
        ("glyph.plugin.id", "guest"),
        ("glyph.capability", "CAP_HTTP_ACTIVE"),
        ("server.address", "127.0.0.1"),
        ("network.peer.address", "127.0.0.1"),
    ] {
        assert_eq!(attribute(span, name), value);
    }
    assert_eq!((number(span, "http.response.status_code"), number(span, "glyph.fetch.attempts")), (200, 1));
    let audit = recorded.audited("http_requested", Decision::Allow);
    assert_eq!((audit.len(), audit[0].trace_id), (1, Some(trace)));
    for told in [attribute(span, "url.full"), audit[0].metadata.get("url").unwrap().to_string()] {
        assert!(
            told.contains("/page?token=") && told.ends_with("&x=1") && !told.contains("s3cret"),
            "{told}"
        );
    }
    let labels = [
        ("via", "netgate"),
        ("plugin", "guest"),
        ("capability", "CAP_HTTP_ACTIVE"),
        ("method", "GET"),
        ("status", "200"),
    ];
    let count = recorded.counted("glyph_http_request_duration_seconds_count", &labels);
    assert_eq!(count.to_bits(), 1f64.to_bits());
    assert_eq!(recorded.flows.len(), 0, "what a plugin fetches is no flow");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_stream_both_ways_with_trailers() {
    let origin = FakeOrigin::serving(|request| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let half = body.len() / 2;
        let trailers =
            HeaderMap::from_iter([("x-sum".parse().unwrap(), body.len().to_string().parse().unwrap())]);
        let frames =
            [Frame::data(body.slice(..half)), Frame::data(body.slice(half..)), Frame::trailers(trailers)];
        let stream = tokio_stream::iter(frames.map(Ok::<_, std::io::Error>));
        Response::builder().header("trailer", "x-sum").body(StreamBody::new(stream).boxed()).unwrap()
    })
    .await;
    let scene = Scene::of(Capability::CapHttpActive, origin, |_| {}).await;
    // More than is held, so that it passes as it comes.
    let parts: Vec<_> = (0..16u8).map(|n| vec![n; 64 << 10]).collect();
    let head = FetchHead {
        method: "POST".to_owned(),
        headers: vec![header("te", "trailers"), header("content-length", "7")],
        ..get(scene.origin.url("/"))
    };
    let messages = std::iter::once(first(head)).chain(parts.clone().into_iter().map(part));
    let messages: Vec<_> = messages.collect();
    let answers = scene.guest.outlet.begin(tokio_stream::iter(messages), "").await.unwrap();
    let got = whole(answers).await.unwrap();
    got.fine();
    assert_eq!(got.body, parts.concat());
    // HTTP/1.1 has trailers only for who says that it takes them, and the netgate does not say so.
    assert_eq!(got.end.trailers, []);
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_spoken_where_it_is_offered_and_certificates_are_looked_at() {
    let authority = Authority::new();
    let over2 = SecureOrigin::speaking(authority.certify(&["localhost"]), &["h2", "http/1.1"]).await;
    let over1 = SecureOrigin::speaking(authority.certify(&["localhost"]), &["http/1.1"]).await;
    let other = SecureOrigin::speaking(Authority::new().certify(&["localhost"]), &["h2"]).await;
    let scene = Scene::with(|config| config.capture.upstream.ca = Some(authority.path())).await;
    let url = |port: u16| format!("https://localhost:{port}/x");
    for (port, version) in [(over2.port(), "HTTP/2"), (over1.port(), "HTTP/1.1")] {
        let got = scene.guest.outlet.fetch(get(url(port))).await;
        let spoken = if version == "HTTP/2" { Version::HTTP_2 } else { Version::HTTP_11 };
        assert_eq!(got.fine(), (200, format!("{spoken:?} localhost:{port} /x")));
        assert_eq!(got.head.unwrap().version, version);
    }
    let got = scene.guest.outlet.fetch(get(url(other.port()))).await;
    assert_eq!(got.failed().0.as_str_name(), "FAILED_TLS", "{got:?}");
    let got = scene.guest.outlet.fetch(get(format!("https://127.0.0.1:{}/", over2.port()))).await;
    assert_eq!(got.failed().0.as_str_name(), "FAILED_TLS", "a certificate for another name: {got:?}");
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_may_look_fetches_from_its_flows_origin_in_the_flows_trace() {
    let origin = FakeOrigin::answering(|request| match request.target.path() {
        "/robots.txt" => text("User-agent: *"),
        _ => text("a page"),
    })
    .await;
    let elsewhere = FakeOrigin::ok().await;
    let mut scene = Scene::of(Capability::CapHttpPassive, origin, |_| {}).await;
    scene.daemon.client().await.get(&scene.origin.url("/page")).await;
    let (event, within) = scene.guest.plugin.event().await;
    let outlet = &scene.guest.outlet;
    let fetch = |url: String, traceparent: &str| {
        let head = FetchHead { flow_id: event.flow_id.clone(), ..get(url) };
        let begun = outlet.begin(tokio_stream::once(first(head)), traceparent);
        async move { whole(begun.await.unwrap()).await.unwrap() }
    };
    let got = fetch(scene.origin.url("/robots.txt"), &within).await;
    assert_eq!(got.fine(), (200, "User-agent: *".to_owned()));
    // A trace that is none of the flow's is not entered.
    let foreign = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    fetch(scene.origin.url("/robots.txt"), foreign).await.fine();

    let got = fetch(elsewhere.url("/robots.txt"), &within).await;
    assert_eq!(got.denied().0.as_str_name(), "DENIED_ORIGIN");
    let got = fetch(scene.origin.url("/").replace("http:", "https:"), &within).await;
    assert_eq!(got.denied().0.as_str_name(), "DENIED_ORIGIN");
    for head in [
        get(scene.origin.url("/robots.txt")),
        FetchHead { flow_id: "no-such-flow".to_owned(), ..get(scene.origin.url("/robots.txt")) },
    ] {
        assert_eq!(outlet.fetch(head).await.denied().0.as_str_name(), "DENIED_ORIGIN");
    }
    let posting = FetchHead {
        method: "POST".to_owned(),
        flow_id: event.flow_id.clone(),
        ..get(scene.origin.url("/robots.txt"))
    };
    assert_eq!(outlet.fetch(posting).await.denied().0.as_str_name(), "DENIED_METHOD");
    assert_eq!(elsewhere.seen().len(), 0);

    scene.guest.plugin.done(&event.flow_id, Phase::Request).await;
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let trace = recorded.flow().trace_id;
    let spans = recorded.spans_of(trace, "netgate.http_request");
    let (_, dispatched, _) = traceparent(&within);
    assert_eq!(spans.iter().filter(|s| s.parent_span_id == Some(dispatched)).count(), 3, "{spans:#?}");
    assert_eq!(spans.len(), 5, "the foreign one and the post are below the flow itself");
    assert_eq!(recorded.audited("http_requested", Decision::Allow).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_stream_and_a_stranger_fetch_nothing() {
    let scene = Scene::active().await;
    let mut stranger = scene.guest.outlet.clone();
    stranger.secret = "guessed".to_owned();
    let status = stranger.try_fetch(get(scene.origin.url("/"))).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    let outlet = scene.guest.outlet.clone();
    scene.guest.plugin.leave().await;
    let status = outlet.try_fetch(get(scene.origin.url("/"))).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    assert_eq!(scene.origin.seen().len(), 0);
    let recorded = scene.daemon.drain().await;
    assert_eq!(recorded.times("http_requested", Decision::Deny), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_sent_again_where_that_may_be_done() {
    let origin = FakeOrigin::answering(|request| {
        let mut answer = text("not now");
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if request.target.path() == "/later" {
            answer.headers_mut().insert("retry-after", "3600".parse().unwrap());
        }
        answer
    })
    .await;
    let scene = Scene::of(Capability::CapHttpActive, origin, |_| {}).await;
    let fetch = |method: &str, path: &str| {
        let head = FetchHead { method: method.to_owned(), ..get(scene.origin.url(path)) };
        scene.guest.outlet.fetch(head)
    };
    let got = fetch("GET", "/").await;
    assert_eq!(got.fine(), (503, "not now".to_owned()), "the last answer is the answer");
    assert_eq!(got.end.attempts, 3);
    assert!(got.end.backoff_us >= 125_000 + 250_000, "{}", got.end.backoff_us);
    assert_eq!(fetch("POST", "/").await.end.attempts, 1);
    assert_eq!(fetch("GET", "/later").await.end.attempts, 1, "longer than there is time");
    assert_eq!(scene.origin.seen().len(), 5);
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let labels = [("plugin", "guest"), ("status", "503")];
    assert_eq!(recorded.counted("glyph_http_backoff_total", &labels).to_bits(), 2f64.to_bits());
    let span = recorded
        .spans_named("netgate.http_request")
        .into_iter()
        .find(|s| number(s, "glyph.fetch.attempts") == 3);
    assert_eq!(span.unwrap().events.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_plugin_may_and_the_other_may_not() {
    let daemon = TestDaemon::with(|config| {
        open_to(config, &[("may", Capability::CapHttpActive), ("may-not", Capability::CapFlowInspect)]);
    })
    .await;
    let origin = FakeOrigin::ok().await;
    let (may, may_not) = (Guest::of(&daemon, "may").await, Guest::of(&daemon, "may-not").await);
    may.outlet.fetch(get(origin.url("/"))).await.fine();
    let got = may_not.outlet.fetch(get(origin.url("/"))).await;
    assert_eq!(got.denied().0.as_str_name(), "DENIED_CAPABILITY");
    assert_eq!(origin.seen().len(), 1);
    drop((may, may_not));
    let recorded = daemon.drain().await;
    let denied = recorded.audited("http_requested", Decision::Deny);
    assert_eq!((denied.len(), denied[0].plugin.as_deref()), (1, Some("may-not")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_the_flow_is_carried_onto_no_record() {
    const SECRET: &str = "quite-ordinary-words";
    let mut scene = Scene::active().await;
    let headers = [("authorization", &*format!("Bearer {SECRET}"))];
    scene.daemon.client().await.get_with(&scene.origin.url("/page"), &headers).await;
    let (event, _) = scene.guest.plugin.event().await;
    for url in [scene.origin.url(&format!("/{SECRET}")), format!("http://{SECRET}.localhost:1/")] {
        let head = FetchHead { flow_id: event.flow_id.clone(), ..get(url) };
        drop(scene.guest.outlet.fetch(head).await);
    }
    assert!(scene.origin.seen().iter().any(|seen| seen.target.path().contains(SECRET)), "it was sent");
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    assert_eq!(recorded.spans_named("netgate.http_request").len(), 2);
    for entry in std::fs::read_dir(&recorded.dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(SECRET), "{}", path.display());
    }
}
