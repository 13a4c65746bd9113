//! What a collector did not take for now, it gets again; what it rejects is counted.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use http::{Response, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;

use crate::harness::{
    DaemonProcess, FakeCollector, FakeOrigin, TestDaemon,
    client::{self, Body},
    collector::Post,
    told,
};

/// An answer of that status.
fn answer(status: u16) -> Response<Body> {
    let mut answer = Response::new(client::empty());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// The ids of a post's spans.
fn ids(post: &Post) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
    post.spans().map(|span| (span.trace_id.clone(), span.span_id.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_for_now_is_sent_again_and_not_before_the_collector_wants_it() {
    let posts = AtomicUsize::new(0);
    let mut collector = FakeCollector::answering(move |_| match posts.fetch_add(1, Ordering::Relaxed) {
        0 => answer(502),
        1 => {
            let mut busy = answer(429);
            busy.headers_mut().insert("retry-after", "2".parse().unwrap());
            busy
        }
        _ => answer(200),
    })
    .await;
    let origin = FakeOrigin::ok().await;
    let endpoint = collector.url("/v1/traces");
    let daemon = TestDaemon::with(|config| config.trace.endpoint = Some(endpoint)).await;
    daemon.client().await.get(&origin.url("/")).await;
    let (refused, busy) = (collector.next().await, collector.next().await);
    let ready = told::get(daemon.metrics(), "/readyz").await;
    assert!(ready.starts_with("ready\n"), "nothing waits for a collector: {ready}");
    assert!(ready.contains("traces: the collector does not take spans: it answers 429"), "{ready}");
    let taken = collector.next().await;
    assert_eq!((ids(&refused), ids(&busy)), (ids(&taken), ids(&taken)), "the same spans each time");
    assert!(taken.at - busy.at >= Duration::from_secs(2), "{:?}", taken.at - busy.at);
    assert!(busy.at - refused.at < Duration::from_secs(2), "{:?}", busy.at - refused.at);
    told::until("the collector to be well", async || {
        told::get(daemon.metrics(), "/readyz").await == "ready\n"
    })
    .await;
    let recorded = daemon.drain().await;
    let labels = [("exporter", "otlp"), ("outcome", "dropped")];
    assert_eq!(recorded.counted("glyph_trace_spans_total", &labels) as u64, 0);
    let mut got = ids(&taken);
    collector.posts().iter().for_each(|post| got.extend(ids(post)));
    assert_eq!(got.len(), recorded.spans.len(), "each span is there in the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_not_sent_again() {
    let mut collector = FakeCollector::answering(|_| answer(400)).await;
    let origin = FakeOrigin::ok().await;
    let endpoint = collector.url("/v1/traces");
    let daemon = TestDaemon::with(|config| config.trace.endpoint = Some(endpoint)).await;
    daemon.client().await.get(&origin.url("/")).await;
    let first = collector.next().await;
    let recorded = daemon.drain().await;
    for post in collector.posts() {
        assert!(ids(&first).is_disjoint(&ids(&post)));
    }
    let labels = [("exporter", "otlp"), ("outcome", "dropped")];
    assert_eq!(recorded.counted("glyph_trace_spans_total", &labels) as usize, recorded.spans.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_of_a_post_is_counted_and_told() {
    let collector = FakeCollector::answering(|_| {
        let partial =
            ExportTracePartialSuccess { rejected_spans: 1, error_message: "too old for us".to_owned() };
        let said = ExportTraceServiceResponse { partial_success: Some(partial) };
        Response::new(client::full(said.encode_to_vec()))
    })
    .await;
    let origin = FakeOrigin::ok().await;
    let dir = tempfile::tempdir().unwrap();
    let (recording, endpoint) = (dir.path().join("recording"), collector.url(""));
    let mut daemon =
        DaemonProcess::start(["--trace-endpoint", &endpoint, "--record", recording.to_str().unwrap()]).await;
    daemon.client().await.get(&origin.url("/")).await;
    let told_of = daemon.line("not without complaint").await;
    assert!(told_of.contains("too old for us") && told_of.contains("rejected=1"), "{told_of}");
    let count = async |outcome| {
        let labels = [("exporter", "otlp"), ("outcome", outcome)];
        told::counted(daemon.metrics, "glyph_trace_spans_total", &labels).await as u64
    };
    told::until("the post to be counted", async || count("dropped").await == 1).await;
    assert!(count("exported").await >= 1);
    assert_eq!(daemon.stop().await.code, Some(0));
}
