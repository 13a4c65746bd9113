//! Spans to a collector: the same as in the file, and never in the way of anything.

mod faults;
mod peer;
mod retries;
mod variables;

use std::{collections::BTreeMap, fs};

use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::span::SpanKind};

use crate::harness::{DaemonProcess, FakeCollector, FakeOrigin, TestDaemon, process::command};

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
        assert_eq!(post.header("content-encoding"), "gzip");
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
