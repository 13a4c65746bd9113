//! CONNECT: bytes pass, are counted, and are not looked at.

use std::time::Duration;

use glyph_formats::{
    flow::{ErrorOrigin, FlowKind, Tunnel},
    span::SpanStatus,
};
use glyphd::telemetry::name;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    RawClient, RawOrigin, TestDaemon, origin,
    records::{attribute, number},
};

/// Sends back what it gets, each byte plus one, until the client has no more.
async fn echo() -> RawOrigin {
    RawOrigin::serving(|mut stream| async move {
        let mut buffer = [0; 4_096];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            let answer: Vec<_> = buffer[..n].iter().map(|b| b.wrapping_add(1)).collect();
            stream.write_all(&answer).await.unwrap();
        }
    })
    .await
}

async fn connect(daemon: &TestDaemon, authority: &str) -> (RawClient, String) {
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")).await;
    let head = client.head().await;
    (client, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_pass_a_tunnel_and_are_counted() {
    let origin = echo().await;
    let authority = origin.address().to_string();
    let daemon = TestDaemon::start().await;
    let (mut client, head) = connect(&daemon, &authority).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    client.write(vec![7; 100_000]).await;
    assert!(client.exactly(100_000).await.iter().all(|b| *b == 8));
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, b"", "one side's end reaches the other");
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.kind, FlowKind::Tunnel);
    assert_eq!(flow.tunnel, Some(Tunnel { bytes_sent: 100_000, bytes_received: 100_000 }));
    assert_eq!((flow.request.method.as_str(), &flow.request.url), ("CONNECT", &authority));
    assert_eq!((flow.error.as_ref(), flow.response.as_ref()), (None, None));
    let capture = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!(attribute(capture, "glyph.tunnel"), "true");
    assert_eq!(number(capture, "glyph.tunnel.bytes_sent"), 100_000);
    let upstream = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
    assert_eq!(upstream.parent_span_id, Some(capture.span_id));
    assert_eq!(attribute(upstream, "network.peer.address"), "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_come_with_the_request_are_not_lost() {
    let origin = echo().await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\nearly", origin.address())).await;
    client.head().await;
    assert_eq!(client.exactly(5).await, b"fbsmz");
    drop(client);
    assert_eq!(daemon.drain().await.flow().tunnel.unwrap().bytes_sent, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_to_nobody_is_a_502_and_a_flow() {
    let nobody = origin::nobody().await;
    let daemon = TestDaemon::start().await;
    let (_, head) = connect(&daemon, &nobody.to_string()).await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.error.as_ref().unwrap().kind, "connect_refused");
    assert_eq!((flow.kind, flow.tunnel), (FlowKind::Tunnel, Some(Tunnel::default())));
    let span = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!((attribute(span, "error.type").as_str(), span.status), ("connect_refused", SpanStatus::Error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cuts_a_tunnel_when_its_time_is_over_and_still_tells_of_it() {
    let origin = echo().await;
    let daemon = TestDaemon::with(|config| config.drain_timeout = Duration::from_millis(50)).await;
    let (mut client, _) = connect(&daemon, &origin.address().to_string()).await;
    client.write("abc").await;
    assert_eq!(client.exactly(3).await, b"bcd");
    let recorded = daemon.drain().await;
    assert!(!recorded.summary.all_ended);
    let flow = recorded.flow();
    assert_eq!(flow.tunnel, Some(Tunnel { bytes_sent: 3, bytes_received: 3 }));
    let error = flow.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("stopped", ErrorOrigin::Glyph));
    assert_eq!(client.rest().await, b"");
}
