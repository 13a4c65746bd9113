//! The SDK's `fetch`, in a plugin's process: `passive-headers` asks each origin once for its `security.txt`.

use glyph_formats::Decision;
use glyphd::policy::Policy;
use http::StatusCode;

use crate::harness::{FakeOrigin, PluginsDir, Recorded, TestDaemon, records::attribute, text, told::until};

/// What is recorded of two pages, with a plugin that is granted this.
async fn two_pages(grant: &str) -> (Recorded, Vec<String>) {
    let origin = FakeOrigin::answering(|request| {
        let mut answer = text("ok");
        if request.target.path() == "/.well-known/security.txt" {
            *answer.status_mut() = StatusCode::NOT_FOUND;
        }
        answer
    })
    .await;
    let plugins = PluginsDir::new();
    plugins.passive_headers_with(&["CAP_EMIT_FINDINGS", "CAP_FLOW_INSPECT", "CAP_HTTP_PASSIVE"]);
    let daemon = TestDaemon::with(|config| {
        let policy =
            format!("[netgate]\nallow = [\"127.0.0.1\"]\n[plugins.passive-headers]\ngrant = [{grant}]\n");
        config.policy = toml::from_str::<Policy>(&policy).unwrap();
        config.plugins_dir = Some(plugins.path());
    })
    .await;
    daemon.plugins_settled().await;
    let mut client = daemon.client().await;
    for path in ["/1", "/2"] {
        client.get(&origin.url(path)).await;
    }
    let metrics = daemon.metrics();
    let done = "glyph_plugin_event_duration_seconds_count{plugin=\"passive-headers\",event=\"flow\"} 2";
    until("both pages", async || crate::harness::told::get(metrics, "/metrics").await.contains(done)).await;
    let recorded = daemon.drain().await;
    let paths = origin.seen().iter().map(|seen| seen.target.path().to_owned()).collect();
    (recorded, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_origin_is_asked_once_if_that_was_granted() {
    let grant = "\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\", \"CAP_HTTP_PASSIVE\"";
    let (recorded, paths) = two_pages(grant).await;
    assert_eq!(paths.iter().filter(|path| *path == "/.well-known/security.txt").count(), 1, "{paths:?}");
    let found: Vec<_> = recorded.findings.iter().filter(|f| f.kind.ends_with(".security-txt")).collect();
    assert_eq!((found.len(), found[0].kind.as_str()), (1, "passive-headers.missing.security-txt"));
    assert!(found[0].target.ends_with("/.well-known/security.txt"));
    let span = recorded.span(recorded.flows[0].trace_id, "netgate.http_request");
    assert_eq!(attribute(span, "glyph.capability"), "CAP_HTTP_PASSIVE");
    let delivery = recorded.spans_of(span.trace_id, "plugin_bus.dispatch_event");
    assert!(delivery.iter().any(|d| Some(d.span_id) == span.parent_span_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_grant_nobody_is_asked() {
    let (recorded, paths) = two_pages("\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"").await;
    assert_eq!(paths, ["/1", "/2"]);
    assert!(recorded.findings.iter().all(|f| !f.kind.ends_with(".security-txt")));
    assert_eq!(recorded.times("http_requested", Decision::Deny), 0);
}
