//! An exchange that fails is a flow with its error, and an answer where one can still be given: never a gap.

use glyph_formats::{
    Flow,
    flow::ErrorOrigin,
    span::{Span, SpanStatus},
};
use glyphd::telemetry::name;
use http::Request;
use http_body_util::BodyExt;
use tokio::{io::AsyncWriteExt, sync::mpsc};

use crate::harness::{
    FakeOrigin, RawClient, RawOrigin, Recorded, TestDaemon, client, origin,
    records::{attribute, number},
    text, within,
};

/// The only flow failed so, and its span says the same.
#[track_caller]
fn assert_failed<'a>(recorded: &'a Recorded, kind: &str, by: ErrorOrigin) -> (&'a Flow, &'a Span) {
    let flow = recorded.flow();
    let error = flow.error.as_ref().unwrap_or_else(|| panic!("no error: {flow:#?}"));
    assert_eq!((error.kind.as_str(), error.origin), (kind, by), "{error:?}");
    let span = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!((attribute(span, "error.type").as_str(), span.status), (kind, SpanStatus::Error));
    assert_eq!(span.status_message.as_deref(), Some(error.message.as_str()));
    (flow, span)
}

/// The exchange with the upstream failed for the same cause.
#[track_caller]
fn assert_upstream_failed(recorded: &Recorded, kind: &str) {
    let span = recorded.span(recorded.flow().trace_id, name::UPSTREAM_REQUEST);
    assert_eq!((attribute(span, "error.type").as_str(), span.status), (kind, SpanStatus::Error));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_refuses_is_a_502_and_a_flow() {
    let nobody = origin::nobody().await;
    let daemon = TestDaemon::start().await;
    let answer = daemon.client().await.get(&format!("http://{nobody}/x")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.text(), format!("glyphd: {nobody} refused the connection\n"));
    let recorded = daemon.drain().await;
    let (flow, span) = assert_failed(&recorded, "connect_refused", ErrorOrigin::Upstream);
    assert_eq!(flow.response, None, "the upstream gave none");
    assert_eq!(flow.request.url, format!("http://{nobody}/x"));
    assert_eq!(number(span, "http.response.status_code"), 502);
    assert_upstream_failed(&recorded, "connect_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_an_address_is_a_502_and_a_flow() {
    let daemon = TestDaemon::start().await;
    let answer = daemon.client().await.get("http://nowhere.invalid/x").await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("nowhere.invalid"), "{}", answer.text());
    let recorded = daemon.drain().await;
    let (flow, _) = assert_failed(&recorded, "resolve", ErrorOrigin::Upstream);
    assert_eq!((flow.request.host.as_str(), flow.request.port), ("nowhere.invalid", 80));
    assert_upstream_failed(&recorded, "resolve");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_speaks_something_else_is_a_502_and_a_flow() {
    for garbage in [&b"220 mail.test ESMTP\r\n"[..], b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"]
    {
        let origin = RawOrigin::answering(garbage).await;
        let daemon = TestDaemon::start().await;
        assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 502);
        let recorded = daemon.drain().await;
        assert_failed(&recorded, "upstream_invalid", ErrorOrigin::Upstream);
        assert_upstream_failed(&recorded, "upstream_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_closes_without_an_answer_is_a_502_and_a_flow() {
    let origin = RawOrigin::answering(b"").await;
    let daemon = TestDaemon::start().await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 502);
    let recorded = daemon.drain().await;
    assert_failed(&recorded, "upstream_closed", ErrorOrigin::Upstream);
    assert_upstream_failed(&recorded, "upstream_closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_switches_protocols_unasked_does_no_harm() {
    let origin = RawOrigin::answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxyz").await;
    let daemon = TestDaemon::start().await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 502);
    let recorded = daemon.drain().await;
    assert_failed(&recorded, "upstream_invalid", ErrorOrigin::Upstream);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_closes_within_the_body_is_told_and_the_part_kept() {
    for (answer, kind, status) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"[..], "upstream_closed", 200),
        (b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "upstream_closed", 500),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
            "upstream_invalid",
            200,
        ),
    ] {
        let origin = RawOrigin::answering(answer).await;
        let daemon = TestDaemon::start().await;
        let request = Request::get(origin.url("/")).body(client::empty()).unwrap();
        let answer = daemon.client().await.send(request).await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(client::whole(answer).await.is_err(), "the client must not take the part for the whole");
        let recorded = daemon.drain().await;
        let (flow, span) = assert_failed(&recorded, kind, ErrorOrigin::Upstream);
        let response = flow.response.as_ref().unwrap();
        assert_eq!((response.status, response.body.complete), (status, false));
        assert_eq!((response.body.utf8.as_deref(), response.body.size), (Some("half"), 4));
        assert_eq!(number(span, "http.response.status_code"), i64::from(status));
        assert_upstream_failed(&recorded, kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_origin_is_no_failed_exchange_but_a_failed_span() {
    let origin = RawOrigin::answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await;
    let daemon = TestDaemon::start().await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 503);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.error, None);
    for name in [name::CAPTURE_FLOW, name::UPSTREAM_REQUEST] {
        let span = recorded.span(flow.trace_id, name);
        assert_eq!((attribute(span, "error.type").as_str(), span.status), ("http_status", SpanStatus::Error));
        assert_eq!(number(span, "http.response.status_code"), 503);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_within_the_answer_is_told() {
    let (tell, mut gone) = mpsc::channel::<()>(1);
    let origin = RawOrigin::serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            client::head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
            // Ends when the proxy has given the connection up.
            client::head(&mut stream).await;
            tell.send(()).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = daemon.client().await;
    let request = Request::get(origin.url("/")).body(client::empty()).unwrap();
    let mut answer = client.send(request).await.unwrap();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    drop((answer, client));
    within("the proxy to give up", gone.recv()).await.unwrap();
    let recorded = daemon.drain().await;
    let (flow, _) = assert_failed(&recorded, "client_gone", ErrorOrigin::Client);
    let body = &flow.response.as_ref().unwrap().body;
    assert_eq!((body.utf8.as_deref(), body.complete), (Some("half"), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_before_the_answer_is_told() {
    let (tell, mut steps) = mpsc::channel::<()>(1);
    let origin = RawOrigin::serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            client::head(&mut stream).await;
            tell.send(()).await.unwrap();
            client::head(&mut stream).await;
            tell.send(()).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    within("the request", steps.recv()).await.unwrap();
    drop(raw);
    within("the proxy to give up", steps.recv()).await.unwrap();
    let recorded = daemon.drain().await;
    let (flow, _) = assert_failed(&recorded, "client_gone", ErrorOrigin::Client);
    assert_eq!(flow.response, None);
    assert_upstream_failed(&recorded, "client_gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_within_its_request_is_told() {
    let (tell, mut steps) = mpsc::channel::<()>(1);
    let origin = FakeOrigin::serving(move |request| {
        let tell = tell.clone();
        async move {
            let mut body = request.into_body();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
            tell.send(()).await.unwrap();
            assert!(body.frame().await.unwrap().is_err(), "the origin must not take the part for the whole");
            tell.send(()).await.unwrap();
            text("too late")
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", origin.url("/")))
        .await;
    within("the first part", steps.recv()).await.unwrap();
    drop(raw);
    within("the origin to be told", steps.recv()).await.unwrap();
    let recorded = daemon.drain().await;
    let (flow, _) = assert_failed(&recorded, "request_broken", ErrorOrigin::Client);
    let body = &flow.request.body;
    assert_eq!((body.utf8.as_deref(), body.complete), (Some("half"), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_another_kind_of_server_is_a_400_and_a_flow() {
    for (line, what) in [
        ("GET /index.html", "forward proxy"),
        ("GET ftp://a.test/", "http://"),
        ("CONNECT a.test", "host:port"),
    ] {
        let daemon = TestDaemon::start().await;
        let mut raw = RawClient::connect(daemon.proxy()).await;
        raw.write(format!("{line} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")).await;
        let answer = String::from_utf8(raw.rest().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(what), "{line}: {answer}");
        let recorded = daemon.drain().await;
        let (flow, span) = assert_failed(&recorded, "bad_target", ErrorOrigin::Client);
        assert_eq!(flow.request.url, line.split_once(' ').unwrap().1);
        assert_eq!(number(span, "http.response.status_code"), 400);
        assert!(recorded.spans_named(name::UPSTREAM_REQUEST).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_two_lengths_reaches_the_origin_with_one() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        origin.url("/")
    ))
    .await;
    assert!(raw.head().await.starts_with("HTTP/1.1 200 "));
    drop(raw);
    daemon.drain().await;
    // RFC 9112, 6.3: chunks count, and a proxy takes the other length out.
    let seen = &origin.seen()[0];
    assert_eq!((seen.header("transfer-encoding"), seen.header("content-length")), ("chunked", ""));
    assert_eq!(seen.body, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_at_all_costs_only_its_connection_and_is_a_flow() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0", b"GET \xff HTTP/1.1\r\n\r\n"]
    {
        let mut raw = RawClient::connect(daemon.proxy()).await;
        raw.write(garbage).await;
        raw.stream.shutdown().await.unwrap();
        let answer = raw.rest().await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    }
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    let recorded = daemon.drain().await;
    // A client is answered before its flow is told: the good one may be there first.
    let (good, garbage): (Vec<_>, Vec<_>) = recorded.flows.iter().partition(|flow| flow.error.is_none());
    assert_eq!(good.iter().map(|flow| &*flow.request.url).collect::<Vec<_>>(), [origin.url("/")]);
    let kinds: Vec<_> = garbage.iter().map(|flow| flow.error.as_ref().unwrap().kind.as_str()).collect();
    assert_eq!(kinds, ["request_invalid"; 3]);
}
