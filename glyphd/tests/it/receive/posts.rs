//! Posts that are taken.

use glyph_formats::{
    Span, Value,
    span::{SpanKind, SpanStatus},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceResponse,
    common::v1::{AnyValue, ArrayValue, KeyValueList, any_value},
    resource::v1::Resource,
    trace::v1::{self as otlp, Status, span},
};
use prost::Message;

use super::{
    JSON, PROTOBUF, gzip, of_resource, pair, post, post_spans, receiver, receiving, sent, span, text,
};
use crate::{harness::Recorded, prometheus::at_root};

/// Its value of that name, as text.
#[track_caller]
fn said(span: &Span, name: &str) -> String {
    span.attributes.get(name).unwrap_or_else(|| panic!("no {name}: {span:#?}")).to_string()
}

/// The only span of that name.
#[track_caller]
fn named<'a>(recorded: &'a Recorded, name: &str) -> &'a Span {
    let [span] = recorded.spans_named(name)[..] else { panic!("{name}: {:#?}", recorded.spans) };
    span
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_span_says_stands_in_the_trace_file() {
    let daemon = receiving().await;
    let list = |values: Vec<any_value::Value>| {
        let values = values.into_iter().map(|value| AnyValue { value: Some(value) }).collect();
        any_value::Value::ArrayValue(ArrayValue { values })
    };
    let map = KeyValueList { values: vec![pair("n", any_value::Value::IntValue(1))] };
    let child = otlp::Span {
        parent_span_id: [9; 8].to_vec(),
        kind: span::SpanKind::Consumer.into(),
        attributes: vec![
            pair("flag", any_value::Value::BoolValue(true)),
            pair("ratio", any_value::Value::DoubleValue(0.25)),
            pair("counts", list(vec![any_value::Value::IntValue(1), any_value::Value::IntValue(2)])),
            pair("settings", any_value::Value::KvlistValue(map)),
            pair("digest", any_value::Value::BytesValue(vec![0, 255])),
            pair("service.version", text("the span's own")),
        ],
        events: vec![span::Event {
            time_unix_nano: 5,
            name: "queued".to_owned(),
            attributes: vec![pair("place", any_value::Value::IntValue(3))],
            ..span::Event::default()
        }],
        links: vec![
            span::Link { trace_id: [8; 16].to_vec(), span_id: [8; 8].to_vec(), ..span::Link::default() },
            span::Link::default(),
        ],
        dropped_events_count: 4,
        status: Some(Status { message: "too late".to_owned(), code: otlp::status::StatusCode::Error.into() }),
        ..super::span(0)
    };
    let root = otlp::Span { parent_span_id: vec![0; 8], ..super::span(1) };
    let resource = Resource {
        attributes: vec![
            pair("service.name", text("basket")),
            pair("service.version", text("2.1")),
            pair("process.pid", any_value::Value::IntValue(4_711)),
            pair("os.type", text("linux")),
        ],
        ..Resource::default()
    };
    let body = of_resource(resource, vec![child, root]);
    let answer = post(receiver(&daemon), "/v1/traces", &[("content-type", PROTOBUF)], body).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["content-type"]), (200, &PROTOBUF.parse().unwrap()));
    let response = ExportTraceServiceResponse::decode(answer.body).unwrap();
    assert_eq!(response, ExportTraceServiceResponse::default());
    let nobody = post(receiver(&daemon), "/v1/traces", &[("content-type", PROTOBUF)], {
        of_resource(Resource::default(), vec![super::span(2)])
    });
    assert_eq!(nobody.await.status, 200);
    let address = receiver(&daemon).to_string();

    let recorded = daemon.drain().await;
    assert_eq!(recorded.recording.info.addresses["otlp-addr"], address);
    assert_eq!((recorded.summary.spans_received, recorded.summary.spans_dropped), (3, 0));
    let child = named(&recorded, "span 0");
    assert_eq!(
        (&*child.service_name, child.kind, child.status),
        ("basket", SpanKind::Consumer, SpanStatus::Error)
    );
    assert_eq!(child.status_message.as_deref(), Some("too late"));
    assert_eq!(child.trace_id.to_string(), "07".repeat(16));
    assert_eq!(child.parent_span_id.unwrap().to_string(), "09".repeat(8));
    assert_eq!(child.end_time_unix_nano.0 - child.start_time_unix_nano.0, 1_000);
    let attributes = [
        ("flag", Value::Bool(true)),
        ("ratio", Value::Double(0.25)),
        ("counts", Value::Array(vec![Value::Int(1), Value::Int(2)])),
        ("settings", "{\"n\":1}".into()),
        ("digest", "AP8=".into()),
        // What the resource and the scope say, where the span does not.
        ("service.version", "the span's own".into()),
        ("process.pid", Value::Int(4_711)),
        ("otel.scope.name", "by-hand".into()),
        ("otel.dropped_events_count", Value::Int(4)),
    ];
    let got: Vec<_> = child.attributes.0.iter().map(|(key, value)| (&**key, value.clone())).collect();
    assert_eq!(got, attributes);
    let [event] = &child.events[..] else { panic!("{child:#?}") };
    assert_eq!((&*event.name, event.time_unix_nano.0), ("queued", 5));
    assert_eq!(event.attributes.get("place"), Some(&Value::Int(3)));
    let [link] = &child.links[..] else { panic!("{child:#?}") };
    assert_eq!(link.span_id.to_string(), "08".repeat(8));
    let root = named(&recorded, "span 1");
    assert_eq!((root.parent_span_id, root.kind, root.status), (None, SpanKind::Internal, SpanStatus::Unset));
    assert_eq!(said(root, "service.version"), "2.1");
    assert_eq!(named(&recorded, "span 2").service_name, "unknown_service");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_of_a_real_sdk_is_taken() {
    let daemon = receiving().await;
    let body = std::fs::read(at_root("testdata/otlp/basket.json")).unwrap();
    for headers in [
        &[("content-type", "application/json; charset=utf-8")][..],
        &[("content-type", JSON), ("content-encoding", "gzip")],
    ] {
        let body = if headers.len() > 1 { gzip(&body) } else { body.clone() };
        let answer = post(receiver(&daemon), "/v1/traces", headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "{}".to_owned()));
        assert_eq!(answer.headers["content-type"], JSON);
    }
    let recorded = daemon.drain().await;
    let trace = "bf6fb313b4707038fe7b5dea1d07baae".parse().unwrap();
    for name in ["GET /basket", "SELECT basket"] {
        let [first, second] = recorded.spans_of(trace, name)[..] else { panic!("{:#?}", recorded.spans) };
        assert_eq!(first, second, "compressed or not");
    }
    let root = recorded.spans_of(trace, "GET /basket")[0];
    assert_eq!((&*root.service_name, root.kind, root.parent_span_id), ("basket", SpanKind::Server, None));
    assert_eq!(root.start_time_unix_nano.0, 1_795_734_422_749_000_000);
    for (name, value) in [
        ("retries", "3"),
        ("ratio", "0.5"),
        ("cached", "false"),
        ("tags", "a, b"),
        ("sizes", "1, 2"),
        ("none", ""),
        ("service.version", "2.1"),
        ("process.pid", "4711"),
        ("otel.scope.name", "basket-http"),
    ] {
        assert_eq!(said(root, name), value, "{name}");
    }
    let child = recorded.spans_of(trace, "SELECT basket")[0];
    assert_eq!(
        (child.kind, child.status, child.parent_span_id),
        (SpanKind::Client, SpanStatus::Error, Some(root.span_id))
    );
    assert_eq!(child.status_message.as_deref(), Some("timed out"));
    assert_eq!(child.links[0].span_id, root.span_id);
    let events: Vec<_> = child.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["row", "exception"]);
    assert_eq!(child.events[1].attributes.get("exception.message"), Some(&"timed out".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_in_spans_are_replaced_as_in_flows() {
    const SECRET: &str = "s3cr3t-s3cr3t-4b7c9e1d";
    let daemon = receiving().await;
    let said = |key: &str, value: String| pair(key, text(&value));
    let attributes = vec![
        said("url.full", format!("https://a.test/?token={SECRET}")),
        said("http.request.header.authorization", format!("Bearer {SECRET}")),
        said("db.password", SECRET.to_owned()),
        said("db.query.text", format!("CONNECT postgres://joe:{SECRET}@db/shop")),
    ];
    let event = span::Event {
        name: format!("token={SECRET}"),
        attributes: vec![said("exception.message", format!("refused: password={SECRET}"))],
        ..span::Event::default()
    };
    let link = span::Link {
        trace_id: [8; 16].to_vec(),
        span_id: [8; 8].to_vec(),
        attributes: vec![said("api_key", SECRET.to_owned())],
        ..span::Link::default()
    };
    let resource = Resource {
        attributes: vec![
            said("service.name", format!("basket password={SECRET}")),
            said("service.instance.id", format!("http://joe:{SECRET}@host/")),
        ],
        ..Resource::default()
    };
    let one = otlp::Span {
        name: format!("GET /reset?token={SECRET}"),
        attributes,
        events: vec![event],
        links: vec![link],
        status: Some(Status { message: format!("password={SECRET}"), code: 2 }),
        ..super::span(0)
    };
    let body = of_resource(resource, vec![one]);
    assert_eq!(post(receiver(&daemon), "/v1/traces", &[("content-type", PROTOBUF)], body).await.status, 200);
    let recorded = daemon.drain().await;
    let file = std::fs::read_to_string(recorded.dir.join("traces.jsonl")).unwrap();
    assert!(!file.contains("s3cr3t"), "{file}");
    assert!(file.matches("glyph-redacted-").count() >= 10, "{file}");
    assert!(file.contains("https://a.test/?token=glyph-redacted-"), "{file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_that_have_no_ids_are_told_and_the_others_are_taken() {
    let daemon = receiving().await;
    let spans = vec![
        super::span(0),
        otlp::Span { trace_id: vec![0; 16], ..super::span(1) },
        otlp::Span { span_id: vec![1; 7], ..super::span(2) },
        otlp::Span { parent_span_id: vec![1; 9], ..super::span(3) },
    ];
    let answer = post_spans(receiver(&daemon), spans.clone()).await;
    assert_eq!(answer.status, 200);
    let partial = ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 3);
    assert!(partial.error_message.contains("16 bytes"), "{partial:?}");

    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x","traceId":"","spanId":""}]}]}]}"#;
    let answer = post(receiver(&daemon), "/v1/traces", &[("content-type", JSON)], json).await;
    let partial: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(partial["partialSuccess"]["rejectedSpans"], "1");

    let recorded = daemon.drain().await;
    named(&recorded, "span 0");
    assert_eq!(recorded.counted("glyph_received_spans_total", &[("outcome", "taken")]), 1.0);
    assert_eq!(recorded.counted("glyph_received_spans_total", &[("outcome", "rejected")]), 4.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_logs_are_taken_and_counted_and_not_recorded() {
    let daemon = receiving().await;
    for (path, kind, body) in [
        ("/v1/metrics", PROTOBUF, &[10, 0][..]),
        ("/v1/metrics", JSON, b"{\"resourceMetrics\":[]}"),
        ("/v1/logs", JSON, b"{\"resourceLogs\":[]}"),
    ] {
        let answer = post(receiver(&daemon), path, &[("content-type", kind)], body).await;
        let empty = if kind == JSON { "{}" } else { "" };
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, empty), "{path} {kind}");
    }
    let recorded = daemon.drain().await;
    let posts =
        |signal| recorded.counted("glyph_received_posts_total", &[("signal", signal), ("status", "200")]);
    assert_eq!((posts("metrics"), posts("logs"), posts("traces")), (2.0, 1.0, 0.0));
    assert_eq!(recorded.summary.spans_received, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_many_senders_are_all_there() {
    let daemon = receiving().await;
    let to = receiver(&daemon);
    let senders = (0..20).map(|sender| {
        tokio::spawn(async move {
            for post in 0..5 {
                let first = (sender * 5 + post) * 50;
                let spans = (first..first + 50).map(super::span).collect();
                assert_eq!(post_spans(to, spans).await.status, 200);
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let recorded = daemon.drain().await;
    let mut names: Vec<_> = recorded.spans.iter().map(|span| span.name.to_string()).collect();
    names.retain(|name| name.starts_with("span "));
    names.sort();
    names.dedup();
    assert_eq!((names.len(), recorded.summary.spans_received), (5_000, 5_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_no_flow_and_the_daemons_own_spans_stand_beside_it() {
    let daemon = receiving().await;
    let body = sent(vec![span(0)]);
    assert_eq!(post(receiver(&daemon), "/v1/traces", &[("content-type", PROTOBUF)], body).await.status, 200);
    let recorded = daemon.drain().await;
    assert!(recorded.flows.is_empty());
    let services: Vec<_> = recorded.spans.iter().map(|span| &*span.service_name).collect();
    assert!(services.contains(&"basket") && services.contains(&"glyphd"), "{services:?}");
}
