//! `/metrics` in both formats, and `metrics.om`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use glyph_formats::recording::METRICS;

use crate::harness::{Client, FakeOrigin, PluginsDir, TestDaemon, peers, within};

const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
const EVENTS: &str = "glyph_flow_events_total{subscription=\"FLOW_RESPONSE\",variant=\"sanitized\"}";

/// A daemon that has something to tell: two flows, one redaction, a plugin.
async fn busy() -> (TestDaemon, FakeOrigin, PluginsDir) {
    let origin = FakeOrigin::ok().await;
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    daemon.plugins_settled().await;
    let mut client = daemon.client().await;
    client.get(&origin.url("/?token=s3cret")).await;
    client.request(http::Method::from_bytes(b"BREW").unwrap(), &origin.url("/")).await;
    // An exchange is counted a moment after its client has the last byte.
    within("both flows to be counted", async {
        while !scrape(&daemon, "").await.1.contains(&format!("{EVENTS} 2\n")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    (daemon, origin, plugins)
}

async fn scrape(daemon: &TestDaemon, accept: &str) -> (String, String) {
    let mut client = Client::connect(daemon.metrics()).await;
    let url = format!("http://{}/metrics", daemon.metrics());
    let answer = client.get_with(&url, &[("accept", accept)]).await;
    (answer.headers["content-type"].to_str().unwrap().to_owned(), answer.text())
}

/// Each sample's name and labels with its value, without timestamps and exemplars.
fn samples(text: &str) -> BTreeMap<String, String> {
    let sample = |line: &str| {
        let line = line.split(" # ").next().unwrap_or_default();
        let at = line.find("} ").map_or_else(|| line.find(' ').unwrap(), |at| at + 1);
        let value = line[at..].split_whitespace().next().unwrap();
        (line[..at].to_owned(), value.to_owned())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

/// What can change between two scrapes of a daemon that has nothing to do: how long the plugin took, which may
/// still be on its way.
fn steady(text: &str) -> BTreeMap<String, String> {
    let mut samples = samples(text);
    samples.retain(|name, _| name.starts_with("glyph_http_") || name.starts_with("glyph_flow_"));
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_say_the_same() {
    let (daemon, _origin, _plugins) = busy().await;
    let (kind, openmetrics) = scrape(&daemon, OPENMETRICS).await;
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    assert!(openmetrics.ends_with("# EOF\n") && openmetrics.contains(" # {trace_id="), "{openmetrics}");
    for accept in ["", "*/*", "text/plain", "application/openmetrics-text;q=0"] {
        let (kind, classic) = scrape(&daemon, accept).await;
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{accept}: {kind}");
        assert!(!classic.contains("EOF") && !classic.contains(" # {"), "{classic}");
        assert_eq!(steady(&classic), steady(&openmetrics), "{accept}");
    }
    let samples = steady(&openmetrics);
    let one = |name: &str| samples.get(name).map(String::as_str);
    assert_eq!(one("glyph_flow_redactions_total{kind=\"query\"}"), Some("1"), "{samples:#?}");
    assert_eq!(one(EVENTS), Some("2"));
    let labels = "via=\"proxy\",plugin=\"\",capability=\"\",method=\"OTHER\",status=\"200\"";
    assert_eq!(one(&format!("glyph_http_request_duration_seconds_count{{{labels}}}")), Some("1"));
    if let Some(output) = {
        let (_, classic) = scrape(&daemon, "").await;
        peers::run("promtool", &["check", "metrics"], classic.as_bytes())
    } {
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "promtool has nothing to say");
    }
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_has_every_scrape_and_its_exemplars_traces() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.record_metrics_interval = Duration::from_secs(3_600)).await;
    daemon.client().await.get(&origin.url("/")).await;
    let recorded = daemon.drain().await;
    let text = fs::read_to_string(recorded.dir.join(METRICS)).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(
        text.lines().filter(|l| l.starts_with("up{")).count(),
        2,
        "at the start and at the end:\n{text}"
    );
    let traces: BTreeSet<_> = recorded.spans.iter().map(|s| s.trace_id.to_string()).collect();
    let exemplars: Vec<_> = text.split("# {trace_id=\"").skip(1).map(|rest| &rest[..32]).collect();
    assert!(!exemplars.is_empty() && exemplars.iter().all(|id| traces.contains(*id)), "{exemplars:?}");
    assert!(text.lines().filter(|l| l.contains(" # {")).all(|l| l.contains("_bucket{")), "only on buckets");

    let blocks = tempfile::tempdir().unwrap();
    let (om, out) = (recorded.dir.join(METRICS), blocks.path().join("tsdb"));
    let args = ["tsdb", "create-blocks-from", "openmetrics", om.to_str().unwrap(), out.to_str().unwrap()];
    if let Some(output) = peers::run("promtool", &args, b"") {
        assert!(output.status.success(), "{output:?}");
        assert!(fs::read_dir(&out).unwrap().count() > 0, "promtool made a block of it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_stand_at_zero_before_anything_happens() {
    let plugins = PluginsDir::new();
    let seat = plugins.fake("quiet");
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.otlp_addr = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let plugin = seat.take().await;
    // Prometheus sees no step where a series only appears: the first drop would be none.
    let samples = samples(&scrape(&daemon, OPENMETRICS).await.1);
    for zero in [
        "glyph_flow_events_total{subscription=\"FLOW_REQUEST\",variant=\"sanitized\"}",
        "glyph_flow_events_dropped_total{subscription=\"FLOW_RESPONSE\",reason=\"queue_full\"}",
        "glyph_flow_events_dropped_total{subscription=\"FLOW_REQUEST\",reason=\"session_ended\"}",
        "glyph_flow_redactions_total{kind=\"cookie\"}",
        "glyph_flow_log_dropped_total{reason=\"log_full\"}",
        "glyph_flow_log_dropped_total{reason=\"disk_refused\"}",
        "glyph_file_faults_total{file=\"audit\"}",
        "glyph_file_failing{file=\"audit\"}",
        "glyph_segments_deleted_total{file=\"flows\"}",
        "glyph_plugin_queue_length{plugin=\"quiet\"}",
        "glyph_plugin_queue_dropped_total{plugin=\"quiet\",event=\"flow\"}",
        "glyph_plugin_event_failures_total{plugin=\"quiet\",event=\"finding\"}",
        "glyph_plugin_errors_total{plugin=\"quiet\",reason=\"exit\"}",
        "glyph_trace_spans_total{exporter=\"file\",outcome=\"dropped\"}",
        "glyph_received_spans_total{outcome=\"rejected\"}",
        "glyph_received_posts_total{signal=\"traces\",status=\"503\"}",
        "glyph_audit_failures_total",
    ] {
        assert_eq!(samples.get(zero).map(String::as_str), Some("0"), "{zero}: {samples:#?}");
    }
    plugin.leave().await;
    daemon.drain().await;
}
