//! Spans to a collector: the same as in the file, and never in the way of anything.

use std::{collections::BTreeMap, fs};

use glyph_formats::{Span, recording::TRACES};
use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::span::SpanKind};
use tokio::sync::mpsc;

use crate::harness::{
    DaemonProcess, FakeCollector, FakeOrigin, RawOrigin, TestDaemon, client, origin,
    process::{self, command},
    records, within,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_gets_what_the_file_has() {
    let mut collector = FakeCollector::start().await;
    let origin = FakeOrigin::ok().await;
    let endpoint = collector.url("/custom/path");
    let daemon = TestDaemon::with(|config| {
        config.trace.endpoint = Some(endpoint);
        config.trace.service_name = "shop".to_owned();
        config.trace.headers = vec![("X-Tenant".to_owned(), "blue, red".to_owned())];
    })
    .await;
    let mut client = daemon.client().await;
    for _ in 0..300 {
        client.get(&origin.url("/")).await;
    }
    let recorded = daemon.drain().await;
    let posts = collector.posts();
    let mut sent = BTreeMap::new();
    for post in &posts {
        assert_eq!((post.path.as_str(), post.header("x-tenant")), ("/custom/path", "blue, red"));
        assert_eq!(post.header("content-type"), "application/x-protobuf");
        for resource in &post.request.resource_spans {
            let attributes = &resource.resource.as_ref().unwrap().attributes;
            let name = attributes.iter().find(|a| a.key == "service.name").unwrap();
            let name = name.value.as_ref().unwrap().value.clone().unwrap();
            assert_eq!(name, Value::StringValue("shop".to_owned()));
        }
        for span in post.spans() {
            assert!(sent.insert((hex::encode(&span.trace_id), hex::encode(&span.span_id)), span).is_none());
        }
    }
    // Four spans each, so that it took several posts.
    assert!(posts.len() > 1 && recorded.spans.len() >= 1_200, "{}", recorded.spans.len());
    assert_eq!(sent.len(), recorded.spans.len());
    for span in &recorded.spans {
        let other = sent[&(span.trace_id.to_string(), span.span_id.to_string())];
        assert_eq!(
            (other.name.as_str(), other.start_time_unix_nano),
            (&*span.name, span.start_time_unix_nano.0)
        );
        let parent = span.parent_span_id.map(|id| id.to_string()).unwrap_or_default();
        assert_eq!(hex::encode(&other.parent_span_id), parent);
        assert_eq!(span.service_name, "shop");
        if span.name == "proxy.capture_flow" {
            assert_eq!(other.kind(), SpanKind::Server);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_while_the_daemon_runs() {
    let mut collector = FakeCollector::start().await;
    let origin = FakeOrigin::ok().await;
    let endpoint = collector.url("/v1/traces");
    let daemon = TestDaemon::with(|config| config.trace.endpoint = Some(endpoint)).await;
    daemon.client().await.get(&origin.url("/")).await;
    let post = collector.next().await;
    assert!(post.spans().any(|span| span.name == "proxy.upstream_request"));
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_a_path_gets_the_one_of_otlp_and_headers_may_come_from_a_file() {
    let mut collector = FakeCollector::start().await;
    let origin = FakeOrigin::ok().await;
    let dir = tempfile::tempdir().unwrap();
    let headers = dir.path().join("headers");
    fs::write(&headers, "Authorization=Bearer a=b, c\nx-tenant=blue\n").unwrap();
    let endpoint = collector.url("");
    let headers = format!("@{}", headers.display());
    let daemon = DaemonProcess::start(["--trace-endpoint", &endpoint, "--trace-headers", &headers]).await;
    daemon.client().await.get(&origin.url("/")).await;
    let ended = daemon.stop().await;
    assert_eq!((ended.code, ended.warnings()), (Some(0), vec![]));
    let posts = collector.posts();
    assert!(!posts.is_empty());
    for post in posts {
        assert_eq!(post.path, "/v1/traces");
        assert_eq!((post.header("authorization"), post.header("x-tenant")), ("Bearer a=b, c", "blue"));
    }
    assert!(!ended.stderr.contains("Bearer"), "{}", ended.stderr);
}

/// A run of 20 exchanges with that collector.
async fn run_with(endpoint: &str) -> (process::Ended, Vec<Span>) {
    let origin = FakeOrigin::ok().await;
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let recording_flag = recording.to_str().unwrap();
    let daemon = DaemonProcess::start(["--trace-endpoint", endpoint, "--record", recording_flag]).await;
    let mut client = daemon.client().await;
    for _ in 0..20 {
        assert_eq!(client.get(&origin.url("/")).await.text(), "ok");
    }
    let ended = daemon.stop().await;
    (ended, records::lines(&recording.join(TRACES)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_one_warning_and_no_line_of_the_file() {
    let dead = format!("http://{}", origin::nobody().await);
    for endpoint in [dead.as_str(), "http://otel-collector.invalid:4318"] {
        let (ended, spans) = run_with(endpoint).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.warnings().len(), 1, "{}", ended.stderr);
        assert!(ended.warnings()[0].contains("collector"), "{}", ended.stderr);
        assert!(spans.len() >= 80, "{}", spans.len());
        assert_eq!(lost(&ended), spans.len(), "each that is lost is counted: {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_is_one_that_does_not_take_spans() {
    let origin = RawOrigin::answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await;
    let (ended, spans) = run_with(&origin.url("")).await;
    assert_eq!((ended.code, ended.warnings().len()), (Some(0), 1), "{}", ended.stderr);
    assert_eq!(lost(&ended), spans.len(), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_delays_the_end_but_not_for_ever() {
    let (tell, mut asked) = mpsc::channel(16);
    let origin = RawOrigin::serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            client::head(&mut stream).await;
            tell.send(stream).await.ok();
        }
    })
    .await;
    let (ended, spans) = run_with(&origin.url("")).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(lost(&ended), spans.len(), "{}", ended.stderr);
    assert!(within("the post", asked.recv()).await.is_some());
}

/// How many spans the log says the collector lacks.
fn lost(ended: &process::Ended) -> usize {
    let line = ended.stderr.lines().find(|line| line.contains("the collector did not get")).unwrap();
    line.rsplit_once("dropped=").unwrap().1.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_certificates_can_still_speak_to_a_collector_without_tls() {
    let mut collector = FakeCollector::start().await;
    let origin = FakeOrigin::ok().await;
    let mut command = command(["--trace-endpoint", &collector.url("")]);
    command.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/dev/null/none");
    let daemon = DaemonProcess::spawn(command).await;
    daemon.client().await.get(&origin.url("/")).await;
    assert_eq!(daemon.stop().await.code, Some(0));
    assert!(!collector.posts().is_empty());
}
