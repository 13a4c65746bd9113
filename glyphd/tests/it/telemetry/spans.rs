//! The spans of a run with a plugin: all of them, in the right places.

use std::collections::BTreeSet;

use glyph_formats::{
    Decision,
    span::{Span, SpanKind, SpanStatus},
};
use glyph_plugin::Capability;
use glyphd::telemetry::name;
use http::Response;
use tokio::task::JoinSet;

use crate::harness::{
    FakeOrigin, Guest, PluginsDir, Recorded, TestDaemon,
    client::full,
    outlet::{get, open_to},
    records::{attribute, number},
};

/// Three exchanges with the real plugin.
async fn run_with_a_plugin() -> Recorded {
    run(false).await
}

/// Three exchanges with the real plugin; and another one that fetches twice, where that may be done once within 100 ms.
async fn run(fetching: bool) -> Recorded {
    let origin = FakeOrigin::answering(|_| {
        Response::builder().header("content-type", "text/html").body(full("<p>a page")).unwrap()
    })
    .await;
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    let daemon = TestDaemon::with(|config| {
        open_to(config, &[("fetcher", Capability::CapHttpActive)]);
        config.policy.netgate.requests_per_host = 1;
        config.policy.netgate.window_ms = 100;
        config.plugins_dir = Some(plugins.path());
    })
    .await;
    daemon.plugins_settled().await;
    let mut client = daemon.client().await;
    for path in ["/1", "/2", "/3"] {
        client.get(&origin.url(path)).await;
    }
    if fetching {
        let Guest { plugin, outlet } = Guest::of(&daemon, "fetcher").await;
        let both = JoinSet::from_iter(["/4", "/5"].map(|path| outlet.fetch(get(origin.url(path)))));
        both.join_all().await.iter().for_each(|got| drop(got.fine()));
        plugin.leave().await;
    }
    daemon.drain().await
}

/// Those that only glyphctl has: it packs, and unpacks.
const OF_GLYPHCTL: [&str; 5] =
    [name::CREATE_ARTIFACT, name::EXTRACT_ARTIFACT, name::LOAD_FLOWS, name::LOAD_CASES, name::WRITE_CASES];

/// The daemon's own names.
fn all_names() -> BTreeSet<String> {
    name::ALL.into_iter().filter(|name| !OF_GLYPHCTL.contains(name)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_name_occurs_and_no_other() {
    let recorded = run(true).await;
    let found: BTreeSet<_> = recorded.spans.iter().map(|span| span.name.to_string()).collect();
    assert!(found.len() > 8);
    assert_eq!(found, all_names());
    assert_eq!(recorded.summary.spans, recorded.spans.len() as u64);
    assert_eq!(recorded.summary.spans_dropped, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_of_a_flow_have_their_parents() {
    let recorded = run_with_a_plugin().await;
    for flow in &recorded.flows {
        let one = |name| recorded.span(flow.trace_id, name);
        let capture = one(name::CAPTURE_FLOW);
        assert_eq!((capture.span_id, capture.parent_span_id), (flow.span_id, None));
        let dispatch = one(name::DISPATCH_FLOW);
        for (child, parent) in [
            (one(name::UPSTREAM_REQUEST), capture),
            (one(name::PUBLISH_FLOW_EVENT), capture),
            (dispatch, one(name::PUBLISH_FLOW_EVENT)),
            (one(name::BROADCAST), dispatch),
            (one(name::DISPATCH_EVENT), dispatch),
        ] {
            assert_eq!(child.parent_span_id, Some(parent.span_id), "{} under {}", child.name, parent.name);
            assert!(child.start_time_unix_nano >= parent.start_time_unix_nano, "{}", child.name);
        }
        // Findings, and the FlowDone.
        let received = recorded.spans_of(flow.trace_id, name::RECEIVE_EVENT);
        let delivery = one(name::DISPATCH_EVENT);
        assert!(received.len() > 1 && received.iter().all(|r| r.parent_span_id == Some(delivery.span_id)));
        assert!(received.iter().all(|r| r.end_time_unix_nano <= delivery.end_time_unix_nano));
        assert_eq!(delivery.status, SpanStatus::Ok);
        assert!(upstream_events(one(name::UPSTREAM_REQUEST)).contains(&"first_byte"));
        let broadcast = one(name::BROADCAST);
        assert_eq!((number(broadcast, "glyph.delivered"), number(broadcast, "glyph.dropped")), (1, 0));
        assert_eq!(attribute(broadcast, "glyph.subscription"), "FLOW_RESPONSE");
    }
    let first = recorded.span(recorded.flows[0].trace_id, name::UPSTREAM_REQUEST);
    assert_eq!(upstream_events(first), ["dns.resolved", "connected", "first_byte"]);
    assert_eq!(attribute(first, "network.peer.address"), "127.0.0.1");
    assert_eq!(number(first, "http.response.status_code"), 200);
}

fn upstream_events(span: &Span) -> Vec<&str> {
    span.events.iter().map(|event| event.name.as_ref()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_point_to_the_stream_that_they_went_over() {
    let recorded = run_with_a_plugin().await;
    let streams = recorded.spans_named(name::EVENT_STREAM);
    let (stream, turns): (Vec<_>, Vec<_>) = streams.into_iter().partition(|s| s.parent_span_id.is_none());
    assert_eq!(stream.len(), 1);
    let stream = stream[0];
    assert!(!turns.is_empty() && turns.iter().all(|t| t.parent_span_id == Some(stream.span_id)));
    assert_eq!(turns.iter().map(|t| number(t, "glyph.stream.sent")).sum::<i64>(), 3);
    assert!(turns.iter().map(|t| number(t, "glyph.stream.received")).sum::<i64>() >= 3);
    assert_eq!(
        (stream.status, attribute(stream, "glyph.plugin.id").as_str()),
        (SpanStatus::Ok, "passive-headers")
    );
    let authenticate = recorded.span(stream.trace_id, name::AUTHENTICATE);
    assert_eq!(authenticate.parent_span_id, Some(stream.span_id));
    let deliveries = recorded.spans_named(name::DISPATCH_EVENT);
    assert_eq!(deliveries.len(), 3);
    for delivery in deliveries {
        let links: Vec<_> = delivery.links.iter().map(|l| (l.trace_id, l.span_id)).collect();
        assert_eq!(links, [(stream.trace_id, stream.span_id)]);
    }
    let task = recorded.spans_named(name::SUPERVISOR_TASK)[0];
    let exec = recorded.span(task.trace_id, name::RUNNER_EXEC);
    assert_eq!(exec.parent_span_id, Some(task.span_id));
    assert_eq!((exec.status, number(exec, "process.exit.code")), (SpanStatus::Ok, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_have_their_kinds_and_the_name_of_the_service() {
    let recorded = run_with_a_plugin().await;
    for span in &recorded.spans {
        let want = match span.name.as_ref() {
            name::CAPTURE_FLOW => SpanKind::Server,
            name::EVENT_STREAM if span.parent_span_id.is_none() => SpanKind::Server,
            name::UPSTREAM_REQUEST => SpanKind::Client,
            name::AUTHENTICATE if span.parent_span_id.is_none() => SpanKind::Server,
            _ => SpanKind::Internal,
        };
        assert_eq!(span.kind, want, "{}", span.name);
        assert_eq!(span.service_name, "glyphd");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{}", span.name);
        // The reader takes a second value of one name for the first.
        let mut names: Vec<_> = span.attributes.0.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), span.attributes.0.len(), "{:?}", span.attributes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_findings_and_decisions_of_an_exchange_share_its_trace() {
    let recorded = run_with_a_plugin().await;
    let reported = recorded.audited("finding_reported", Decision::Allow);
    assert!(!recorded.findings.is_empty());
    assert_eq!(reported.len(), recorded.findings.len());
    for flow in &recorded.flows {
        assert!(flow.sampled);
        let findings: Vec<_> =
            recorded.findings.iter().filter(|f| f.flow_id.as_ref() == Some(&flow.id)).collect();
        assert_eq!(findings.len(), 3, "a bare page lacks three headers: {findings:?}");
        for finding in findings {
            assert_eq!((finding.trace_id, finding.plugin.as_str()), (flow.trace_id, "passive-headers"));
            assert_eq!(finding.target, flow.request.url);
            let id = finding.id.as_str();
            let entry = reported
                .iter()
                .find(|e| e.metadata.get("finding_id").is_some_and(|v| v.to_string() == id))
                .unwrap();
            assert_eq!((entry.trace_id, entry.span_id), (Some(flow.trace_id), finding.span_id));
            assert!(entry.sampled);
            let received = recorded.spans_of(flow.trace_id, name::RECEIVE_EVENT);
            assert!(received.iter().any(|span| Some(span.span_id) == finding.span_id));
        }
    }
    for event in ["plugin_started", "capabilities_granted", "session_opened"] {
        let entries = recorded.audited(event, Decision::Allow);
        assert_eq!(entries.len(), 1, "{event}");
        let (trace, span) = (entries[0].trace_id.unwrap(), entries[0].span_id.unwrap());
        assert!(recorded.spans.iter().any(|s| (s.trace_id, s.span_id) == (trace, span)), "{event}");
    }
    assert_eq!(recorded.audited("plugin_stopped", Decision::Info).len(), 1);
    assert_eq!(recorded.audited("capabilities_granted", Decision::Deny).len(), 0);
}
