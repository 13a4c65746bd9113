//! The demo is what a stranger runs first: it must come out whole, and what it says must be so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use glyph_formats::{AuditEntry, Decision, Finding, Flow, Recording, Span, SpanId, jsonl};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::harness::{names_in, run};

/// What the demo promises to take at most.
const PROMISED: Duration = Duration::from_secs(20);

fn all<T: DeserializeOwned>(recording: &Path, name: &str) -> Vec<T> {
    jsonl::records(&recording.join(name)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_demo_tells_one_story_and_its_commands_work() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    let start = Instant::now();
    let run = run(["demo", "--out", out.to_str().unwrap()]).fine();
    assert!(start.elapsed() < PROMISED, "{:?}", start.elapsed());
    assert_eq!(
        names_in(&out),
        ["alerts.yaml", "cause.html", "plugins", "recording", "recording.glyph.tar.zst", "trace.json"]
    );
    let recording = out.join("recording");
    assert!(
        Recording::open(&recording).unwrap().info.end_time_unix_nano.is_some(),
        "the recording is finished"
    );

    // Every request is a flow, the ones that broke too.
    let requests = include_str!("../../../testdata/demo/requests.jsonl").lines().count();
    let flows: Vec<Flow> = all(&recording, "flows.jsonl");
    assert_eq!(flows.len(), requests);
    let kinds: BTreeSet<_> = flows.iter().filter_map(|f| Some(f.error.as_ref()?.kind.as_str())).collect();
    assert_eq!(kinds, BTreeSet::from(["connect_refused", "upstream_closed"]));
    assert!(run.stdout.contains(&format!("{requests} requests through the proxy")), "{}", run.stdout);

    the_pipeline_is_in_the_trace_file(&recording, &flows);

    let findings: Vec<Finding> = all(&recording, "findings.jsonl");
    let audit: Vec<AuditEntry> = all(&recording, "audit.jsonl");
    let story = run.stdout.split_once("From the alert to its cause").expect("a story").1;
    let line = |what: &str| story.lines().find(|l| l.trim().starts_with(what)).expect(what);
    for stage in ["0xgenPluginLatencyCritical on report-reader", "pending at", "firing at", "over at"] {
        assert!(line("the alert").contains(stage), "{story}");
    }
    let told = flows.iter().find(|f| line("its exemplar").contains(&f.trace_id.to_string()));
    let told = told.expect("the exemplar names a trace of the recording");
    assert!(line("its exchange").contains(&told.request.url), "{story}");
    assert!(line("its slow span").contains("the plugin report-reader"), "{story}");
    assert!(findings.iter().any(|f| f.trace_id == told.trace_id && story.contains(&f.kind)));
    assert!(audit.iter().any(|a| a.trace_id == Some(told.trace_id) && story.contains(&a.event)));

    // One request of a plugin's own is answered, one waits, one is denied, which is on the audit.
    let asked = run.stdout.split_once("asked for itself").expect("requests of a plugin's own").1;
    let asked = |what: &str| asked.lines().find(|line| line.contains(what)).expect(what);
    assert!(asked("/api/items/7").contains("→  200"), "{}", run.stdout);
    assert!(asked("/api/items/missing").contains("→  404, after a wait of "), "{}", run.stdout);
    assert!(asked("http://169.254.169.254/").contains("→  denied: "), "{}", run.stdout);
    let denied =
        audit.iter().find(|a| a.plugin.as_deref() == Some("report-reader") && a.decision == Decision::Deny);
    let trace = denied.and_then(|entry| entry.trace_id).expect("a denial in a trace").to_string();
    assert!(asked("on the audit under").contains(&trace), "{}", run.stdout);
    assert!(flows.iter().any(|flow| flow.trace_id.to_string() == trace), "the flow whose page had the link");

    let page = fs::read_to_string(out.join("cause.html")).unwrap();
    assert!(page.contains(&told.trace_id.to_string()) && page.contains(&told.request.url));

    let chrome = chrome_check::check(&fs::read(out.join("trace.json")).unwrap()).unwrap();
    assert_eq!(chrome.slices.len(), all::<Span>(&recording, "traces.jsonl").len());

    let program = env!("CARGO_BIN_EXE_glyphctl");
    let commands: Vec<_> = run.stdout.lines().filter_map(|line| line.trim().strip_prefix(program)).collect();
    assert!(commands.len() >= 5, "{}", run.stdout);
    for command in commands {
        let output = Command::new(program).args(command.split_whitespace()).output().unwrap();
        let expected = if command.contains("alerts check") { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{command}: {output:?}");
        assert!(!output.stdout.is_empty(), "{command}");
    }
}

/// Every span of the tables for capture, dispatch, bus and runner, with the right parents.
fn the_pipeline_is_in_the_trace_file(recording: &Path, flows: &[Flow]) {
    let spans: Vec<Span> = all(recording, "traces.jsonl");
    let by_id: BTreeMap<SpanId, &Span> = spans.iter().map(|s| (s.span_id, s)).collect();
    let parent = |span: &Span| span.parent_span_id.and_then(|id| by_id.get(&id)).map(|p| p.name.as_ref());
    let edges: BTreeSet<_> = spans.iter().map(|s| (parent(s), s.name.as_ref())).collect();
    assert_eq!(
        edges,
        BTreeSet::from([
            (None, "plugin.supervisor.task"),
            (Some("plugin.supervisor.task"), "plugin.runner.exec"),
            (None, "plugin_bus.authenticate"),
            (None, "plugin_bus.EventStream"),
            (Some("plugin_bus.EventStream"), "plugin_bus.authenticate"),
            (Some("plugin_bus.EventStream"), "plugin_bus.EventStream"),
            (None, "proxy.capture_flow"),
            (None, "replay.write_flows"),
            (None, "replay.write_findings"),
            (Some("proxy.capture_flow"), "proxy.upstream_request"),
            (Some("proxy.capture_flow"), "proxy.publish_flow_event"),
            (Some("proxy.publish_flow_event"), "plugin_bus.dispatch_flow"),
            (Some("plugin_bus.dispatch_flow"), "plugin_bus.broadcast"),
            (Some("plugin_bus.dispatch_flow"), "plugin_bus.dispatch_event"),
            (Some("plugin_bus.dispatch_event"), "plugin_bus.receive_event"),
            (Some("plugin_bus.dispatch_event"), "netgate.http_request"),
            (Some("netgate.http_request"), "netgate.rate_limit_wait"),
        ])
    );
    let delivered: BTreeSet<_> =
        spans.iter().filter(|s| s.name == "plugin_bus.dispatch_event").map(|s| s.trace_id).collect();
    let captured: BTreeSet<_> = flows.iter().map(|f| f.trace_id).collect();
    assert_eq!(delivered, captured, "each flow's trace reaches from capture to delivery");
}

#[test]
fn the_requests_secrets_are_in_no_file_of_the_demo() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    run(["demo", "--out", out.to_str().unwrap()]).fine();
    let requests: Vec<Value> = include_str!("../../../testdata/demo/requests.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut secrets: Vec<&str> = Vec::new();
    for request in &requests {
        let header = |name: &str| request["headers"][name].as_str();
        secrets.extend(header("authorization").and_then(|v| v.strip_prefix("Bearer ")));
        secrets.extend(header("cookie").and_then(|v| v.split(['=', ';']).nth(1)));
        secrets.extend(request["path"].as_str().and_then(|p| p.split("token=").nth(1)));
    }
    assert!(secrets.len() > 40, "{}", secrets.len());
    for folder in [out.clone(), out.join("recording")] {
        for name in names_in(&folder) {
            let Ok(text) = fs::read_to_string(folder.join(&name)) else { continue };
            for secret in &secrets {
                assert!(!text.contains(secret), "{secret} is in {name}");
            }
        }
    }
}

#[test]
fn the_demo_writes_over_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(["demo", "--out", dir.path().to_str().unwrap()]).unable();
    assert!(run.stderr.contains("--out") && run.stderr.contains("hint: "), "{}", run.stderr);
    assert_eq!(names_in(dir.path()), [""; 0]);
}
