//! Clients over HTTP/2 that do what it does not allow, frame by frame. Each is told so, and a flow.

use glyph_formats::flow::ErrorOrigin;
use glyphd::{capture::Limits, telemetry::name};
use http::Request;

use crate::harness::{
    FakeOrigin, Recorded, TestDaemon, client,
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, block, connect, frame, next},
    records::attribute,
};

const PROTOCOL_ERROR: [u8; 4] = [0, 0, 0, 1];

#[track_caller]
fn assert_invalid(recorded: &Recorded) {
    let flow = recorded.flow();
    let error = flow.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("request_invalid", ErrorOrigin::Client), "{error:?}");
    assert_eq!((flow.request.version.as_str(), &flow.response), ("HTTP/2", &None));
    let span = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!(attribute(span, "error.type"), "request_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http2_ends_its_connection_and_is_a_flow() {
    for bytes in [
        &b"what comes behind it is no frame at all, and not for want of bytes"[..],
        // It names an entry which no table has.
        &frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xfe"),
        &frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(&[("X-Upper", "1")])),
    ] {
        let daemon = TestDaemon::start().await;
        let mut client = connect(daemon.proxy()).await;
        client.write(bytes).await;
        client.rest().await;
        assert_invalid(&daemon.drain().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_is_reset_and_a_flow() {
    const WHOLE: [(&str, &str); 4] =
        [(":method", "GET"), (":scheme", "http"), (":authority", "a.test"), (":path", "/")];
    for headers in [
        &[&WHOLE[..], &[("connection", "close")]].concat()[..],
        &[&WHOLE[..], &[("transfer-encoding", "chunked")]].concat(),
        &[&WHOLE[..], &[("te", "gzip")]].concat(),
        &[&WHOLE[..], &[("content-length", "x")]].concat(),
        &[&WHOLE[..], &[(":status", "200")]].concat(),
        &[&WHOLE[..3], &[(":path", "/a b")]].concat(),
        &WHOLE[..3],
        &WHOLE[1..],
    ] {
        let daemon = TestDaemon::start().await;
        let mut client = connect(daemon.proxy()).await;
        client.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(headers))).await;
        assert_eq!(next(&mut client.stream, RST_STREAM).await, PROTOCOL_ERROR, "{headers:?}");
        drop(client);
        assert_invalid(&daemon.drain().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_is_no_other_request_s_affair() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let authority = origin.address().to_string();
    let whole = [(":method", "GET"), (":scheme", "http"), (":authority", &authority), (":path", "/")];
    let mut client = connect(daemon.proxy()).await;
    for (stream, wrong) in [(1, false), (3, true), (5, false), (7, true)] {
        let headers = if wrong { &whole[..3] } else { &whole };
        client.write(frame(HEADERS, END_STREAM | END_HEADERS, stream, &block(headers))).await;
        if wrong {
            assert_eq!(next(&mut client.stream, RST_STREAM).await, PROTOCOL_ERROR);
        } else {
            assert_eq!(next(&mut client.stream, DATA).await, b"ok");
        }
    }
    drop(client);
    let recorded = daemon.drain().await;
    let failed = recorded.flows.iter().filter(|flow| flow.error.is_some()).count();
    assert_eq!((recorded.flows.len(), failed), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_length_than_its_head_says_is_one_flow() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let authority = origin.address().to_string();
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", &authority),
        (":path", "/"),
        ("content-length", "5"),
    ];
    let mut client = connect(daemon.proxy()).await;
    client.write(frame(HEADERS, END_HEADERS, 1, &block(&head))).await;
    client.write(frame(DATA, END_STREAM, 1, b"no")).await;
    assert_eq!(next(&mut client.stream, RST_STREAM).await, PROTOCOL_ERROR);
    drop(client);
    let recorded = daemon.drain().await;
    let error = recorded.flow().error.as_ref().unwrap();
    assert_eq!(error.origin, ErrorOrigin::Client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_is_refused_and_a_flow() {
    let limits = Limits { header_bytes: 10_000, ..Limits::default() };
    let daemon = TestDaemon::with(|config| config.capture.limits = limits).await;
    let mut sender = client::http2(daemon.proxy()).await;
    let request = Request::get("http://a.test/").header("x", "y".repeat(limits.header_bytes));
    let answer = sender.send_request(request.body(client::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 431);
    let answer = client::whole(answer).await.unwrap();
    assert!(answer.text().contains("longer than 10000 bytes"), "{}", answer.text());
    drop(sender);
    let recorded = daemon.drain().await;
    let error = recorded.flow().error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("head_too_large", ErrorOrigin::Client));
}
