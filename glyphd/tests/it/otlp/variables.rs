//! OpenTelemetry's own variables, as a collector sees what comes of them; and TLS with it.

use std::{collections::BTreeMap, path::Path};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use tokio::process::Command;

use crate::harness::{
    DaemonProcess, Ended, FakeCollector, FakeOrigin,
    collector::Post,
    process::{command, run},
    secure::Authority,
    told,
};

/// One exchange through that daemon; what its collector got, and how it ended.
async fn exchange(command: Command, collector: &mut FakeCollector) -> (Vec<Post>, Ended) {
    let origin = FakeOrigin::ok().await;
    let daemon = DaemonProcess::spawn(command).await;
    daemon.client().await.get(&origin.url("/")).await;
    let ended = daemon.stop().await;
    (collector.posts(), ended)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_say_where_spans_go_and_what_of_them_is_said() {
    let mut collector = FakeCollector::start().await;
    let mut command = command::<&str>([]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("/base"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20c2VjcmV0,x-tenant=blue")
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        .env("OTEL_SERVICE_NAME", "shop")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=no,host.name=here");
    let (posts, ended) = exchange(command, &mut collector).await;
    assert_eq!((ended.code, ended.warnings()), (Some(0), vec![]), "{}", ended.stderr);
    assert!(!ended.stderr.contains("c2VjcmV0"), "{}", ended.stderr);
    let post = &posts[0];
    assert_eq!((post.path.as_str(), post.header("content-encoding")), ("/base/v1/traces", ""));
    assert_eq!((post.header("authorization"), post.header("x-tenant")), ("Basic c2VjcmV0", "blue"));
    let resource = post.request.resource_spans[0].resource.as_ref().unwrap();
    let attributes: BTreeMap<_, _> = resource
        .attributes
        .iter()
        .map(|a| (a.key.as_str(), a.value.as_ref().unwrap().value.clone().unwrap()))
        .collect();
    for (key, value) in [
        ("service.name", "shop"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
        ("host.name", "here"),
        ("process.executable.name", "glyphd"),
        ("os.type", "linux"),
        ("telemetry.sdk.name", "opentelemetry"),
    ] {
        assert_eq!(attributes.get(key), Some(&Value::StringValue(value.to_owned())), "{attributes:#?}");
    }
    assert!(matches!(attributes["process.pid"], Value::IntValue(1..)), "{attributes:#?}");
    assert!(attributes.contains_key("service.instance.id"), "{attributes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_go_before_variables() {
    let (mut ours, mut theirs) = (FakeCollector::start().await, FakeCollector::start().await);
    let mut command = command([
        "--trace-endpoint",
        &ours.url(""),
        "--trace-headers",
        "x-tenant=ours",
        "--trace-service-name=ours",
    ]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", theirs.url(""))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=theirs")
        .env("OTEL_SERVICE_NAME", "theirs");
    let (posts, _) = exchange(command, &mut ours).await;
    assert_eq!(posts[0].header("x-tenant"), "ours");
    assert!(theirs.posts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_that_is_not_spoken_is_an_error_with_the_variables_name() {
    let mut command = command::<&str>([]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_of_a_private_authority_is_believed_by_its_file_alone() {
    let authority = Authority::new();
    let mut collector = FakeCollector::secure(authority.certify(&["localhost"]), None).await;
    let endpoint = collector.url("");

    let (posts, ended) = exchange(command(["--trace-endpoint", &endpoint]), &mut collector).await;
    assert!(posts.is_empty());
    assert!(ended.warnings()[0].contains("certificate"), "{}", ended.stderr);

    let mut trusting = command(["--trace-endpoint", &endpoint]);
    trusting.env("OTEL_EXPORTER_OTLP_CERTIFICATE", path(&authority.path()));
    let (posts, ended) = exchange(trusting, &mut collector).await;
    assert!(!posts.is_empty(), "{}", ended.stderr);
    assert_eq!(ended.warnings(), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_nobody_vouches_for_is_taken_only_where_that_is_asked_and_it_is_told() {
    let authority = Authority::new();
    let mut collector = FakeCollector::secure(authority.certify(&["elsewhere"]), None).await;
    let flags = ["--trace-endpoint", &collector.url(""), "--trace-insecure-skip-verify"];
    let daemon = DaemonProcess::start(flags).await;
    let origin = FakeOrigin::ok().await;
    daemon.client().await.get(&origin.url("/")).await;
    assert!(collector.next().await.spans().count() > 0);
    let ready = told::get(daemon.metrics, "/readyz").await;
    assert!(ready.starts_with("ready\ntraces: --trace-insecure-skip-verify: any certificate"), "{ready}");
    let ended = daemon.stop().await;
    assert_eq!(ended.warnings().len(), 1, "{}", ended.stderr);
    assert!(ended.warnings()[0].contains("--trace-insecure-skip-verify"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_knows_its_clients_is_shown_a_certificate() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let mut collector = FakeCollector::secure(servers.certify(&["localhost"]), Some(&clients)).await;
    let (certificate, key) = clients.certify_in_files("glyphd");
    let mut command = command(["--trace-endpoint", &collector.url("")]);
    command
        .env("OTEL_EXPORTER_OTLP_CERTIFICATE", path(&servers.path()))
        .env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", path(&certificate))
        .env("OTEL_EXPORTER_OTLP_CLIENT_KEY", path(&key));
    let (posts, ended) = exchange(command, &mut collector).await;
    assert!(!posts.is_empty(), "{}", ended.stderr);
}
