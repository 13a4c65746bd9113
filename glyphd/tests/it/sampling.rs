//! Which traces are recorded, how a trace comes in and how it goes on.

use std::collections::BTreeSet;

use glyph_formats::recording::TRACES;
use glyphd::telemetry::name;

use crate::harness::{FakeOrigin, TestDaemon, records::traceparent};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_comes_in_goes_on() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let headers = [("traceparent", &*format!("00-{TRACE}-{PARENT}-01")), ("tracestate", "a=1")];
    daemon.client().await.get_with(&origin.url("/"), &headers).await;
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!((flow.trace_id.to_string().as_str(), flow.sampled), (TRACE, true));
    let capture = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!(capture.parent_span_id, Some(PARENT.parse().unwrap()));
    let upstream = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
    let seen = &origin.seen()[0];
    assert_eq!(traceparent(seen.header("traceparent")), (flow.trace_id, upstream.span_id, true));
    assert_eq!(seen.header("tracestate"), "a=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_begins_here_goes_on() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut client = daemon.client().await;
    client.get(&origin.url("/")).await;
    client.get_with(&origin.url("/"), &[("traceparent", "no such thing")]).await;
    let recorded = daemon.drain().await;
    for (flow, seen) in recorded.flows.iter().zip(origin.seen()) {
        let upstream = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
        assert_eq!(traceparent(seen.header("traceparent")), (flow.trace_id, upstream.span_id, true));
    }
    assert_ne!(recorded.flows[0].trace_id, recorded.flows[1].trace_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_propagation_requests_stay_as_they_are() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.capture.propagate = false).await;
    let mut client = daemon.client().await;
    client.get(&origin.url("/")).await;
    let parent = format!("00-{TRACE}-{PARENT}-01");
    client.get_with(&origin.url("/"), &[("traceparent", &parent)]).await;
    let recorded = daemon.drain().await;
    let seen = origin.seen();
    assert_eq!((seen[0].header("traceparent"), seen[1].header("traceparent")), ("", parent.as_str()));
    assert_eq!(recorded.flows[1].trace_id.to_string(), TRACE, "what comes in is still continued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_its_beginning_does_not_record_is_not_recorded_here() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let parent = format!("00-{TRACE}-{PARENT}-00");
    daemon.client().await.get_with(&origin.url("/"), &[("traceparent", &parent)]).await;
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!((flow.trace_id.to_string().as_str(), flow.sampled), (TRACE, false));
    assert!(recorded.spans.iter().all(|span| span.trace_id != flow.trace_id), "{:?}", recorded.spans);
    let (trace, span, sampled) = traceparent(origin.seen()[0].header("traceparent"));
    assert_eq!((trace, sampled), (flow.trace_id, false));
    assert_ne!(span.to_string(), PARENT, "the way still leads through here");
}

#[tokio::test(flavor = "multi_thread")]
async fn ratio_0_makes_no_file_and_sends_nothing_but_flows_have_traces() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.trace.sample_ratio = 0.0).await;
    let mut client = daemon.client().await;
    client.get(&origin.url("/")).await;
    let parent = format!("00-{TRACE}-{PARENT}-01");
    client.get_with(&origin.url("/"), &[("traceparent", &parent)]).await;
    let recorded = daemon.drain().await;
    assert!(!recorded.dir.join(TRACES).exists());
    assert!(recorded.flows.iter().all(|flow| !flow.sampled));
    assert_ne!(recorded.flows[0].trace_id.to_string(), TRACE);
    assert_eq!(recorded.flows[1].trace_id.to_string(), TRACE);
    let seen = origin.seen();
    assert_eq!((seen[0].header("traceparent"), seen[1].header("traceparent")), ("", parent.as_str()));
    assert_eq!(recorded.recording.info.options["trace-sample-ratio"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_say_truly_whether_their_spans_are_there() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.trace.sample_ratio = 0.5).await;
    let mut client = daemon.client().await;
    for _ in 0..100 {
        client.get(&origin.url("/")).await;
    }
    let recorded = daemon.drain().await;
    let traces: BTreeSet<_> = recorded.spans_named(name::CAPTURE_FLOW).iter().map(|s| s.trace_id).collect();
    let of_exchanges = recorded.spans.iter().filter(|s| !s.name.starts_with("replay."));
    let any: BTreeSet<_> = of_exchanges.map(|s| s.trace_id).collect();
    assert_eq!(traces, any, "a trace is there with its root or not at all");
    for (flow, seen) in recorded.flows.iter().zip(origin.seen()) {
        assert_eq!(flow.sampled, traces.contains(&flow.trace_id));
        assert_eq!(traceparent(seen.header("traceparent")).2, flow.sampled);
    }
    // One in 2^100 runs has none or all of them.
    assert!((1..100).contains(&traces.len()), "{} of 100", traces.len());
}
