//! An audit that can't be written: what must be on it does not happen, and everything else does.

use glyph_formats::Finding;
use glyph_plugin::{PROTOCOL_VERSION, wire::bus_message::Message};
use http::Method;
use rustix::process::{Signal, kill_process};
use tonic::Code;

use crate::harness::{
    DaemonProcess, FakeOrigin, PluginsDir,
    bus::{bus, grant},
    client::Client,
    operator,
    records::lines,
    told::{counted, get, until, until_plugin},
    within,
};

#[tokio::test(flavor = "multi_thread")]
async fn without_an_audit_no_plugin_is_started_and_the_proxy_goes_on() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let dir = plugins.script("guest", "touch started\nread line\n");
    let (records, plugins_dir) = (tempfile::tempdir().unwrap(), plugins.path());
    let control = records.path().join("control.sock");
    let recording = records.path().join("recording");
    let policy = plugins.policy("[plugins.guest]\nrestarts = 0\n");
    let args = [
        ["--plugins-dir", plugins_dir.to_str().unwrap()],
        ["--config", policy.to_str().unwrap()],
        ["--record", recording.to_str().unwrap()],
        ["--control-addr", control.to_str().unwrap()],
        ["--audit-file", "/dev/full"],
    ];
    let daemon = DaemonProcess::start(args.as_flattened()).await;
    until_plugin(daemon.metrics, "guest", "given up").await;
    let (status, answer) = operator::ask(&control, Method::POST, "/v1/plugins/guest/token").await;
    assert_eq!(status, 503, "{answer}");
    assert!(answer["error"].as_str().unwrap().starts_with("the audit can't be written: "), "{answer}");
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    assert!(counted(daemon.metrics, "glyph_audit_failures_total", &[]).await >= 2.0);
    let failed = [("plugin", "guest"), ("reason", "start")];
    assert!((counted(daemon.metrics, "glyph_plugin_errors_total", &failed).await - 1.0).abs() < 0.5);
    assert_eq!(get(daemon.metrics, "/healthz").await, "ok\n");
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let errors = ended.at_level("ERROR");
    assert!(errors.iter().any(|l| l.contains("the audit can't be written; what must be audited is refused")));
    assert!(errors.iter().any(|l| l.contains("a plugin could not be started")), "{errors:?}");
    assert!(!dir.join("started").exists());
    assert_eq!(lines::<glyph_formats::Flow>(&recording.join("flows.jsonl")).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_breaks_takes_findings_and_grants_with_it_and_not_the_session() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let (guest, late) = (plugins.fake("guest"), plugins.fake("late"));
    let (records, plugins_dir) = (tempfile::tempdir().unwrap(), plugins.path());
    let recording = records.path().join("recording");
    let args = [
        ["--plugins-dir", plugins_dir.to_str().unwrap()],
        ["--record", recording.to_str().unwrap()],
        ["--audit-file", "-"],
    ];
    let daemon = DaemonProcess::start(args.as_flattened()).await;
    let (mut plugin, late) = (guest.take().await, late.credentials().await);
    let (proxy, metrics, pid) = (daemon.proxy, daemon.metrics, daemon.pid());
    let mut client = Client::connect(proxy).await;
    client.get(&origin.url("/1")).await;
    let (event, context) = plugin.event().await;
    plugin.event().await;
    plugin.report(&event.flow_id, "guest.before", &context).await;
    let stored = "glyph_plugin_event_duration_seconds_count{plugin=\"guest\",event=\"finding\"} 1";
    until("the finding", async || get(metrics, "/metrics").await.contains(stored)).await;
    // Nobody reads its standard error any more, and so it can't be written.
    let mut child = daemon.stop_listening();

    plugin.report(&event.flow_id, "guest.after", &context).await;
    match plugin.next().await.unwrap().unwrap().message {
        Some(Message::Refused(refused)) => {
            assert_eq!(refused.r#type, "guest.after");
            assert!(refused.reason.starts_with("the audit can't be written: "), "{refused:?}");
        }
        other => panic!("no refusal, but {other:?}"),
    }
    let mut bus = bus(&late.bus).await;
    let refused = grant(&mut bus, &late, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    assert_eq!(client.get(&origin.url("/2")).await.text(), "ok");
    let (next, _) = plugin.event().await;
    assert!(next.request.unwrap().url.ends_with("/2"), "the session lives");
    let lost = [("plugin", "guest"), ("reason", "finding_lost")];
    assert!((counted(metrics, "glyph_plugin_errors_total", &lost).await - 1.0).abs() < 0.5);
    assert!(counted(metrics, "glyph_audit_failures_total", &[]).await >= 2.0);
    drop(plugin);
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(within("the daemon's end", child.wait()).await.unwrap().code(), Some(0));
    let kinds: Vec<_> =
        lines::<Finding>(&recording.join("findings.jsonl")).into_iter().map(|f| f.kind).collect();
    assert_eq!(kinds, ["guest.before"]);
}
