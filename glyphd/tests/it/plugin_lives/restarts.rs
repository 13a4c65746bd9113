//! Processes that end by themselves are started again, for a while.

use std::fs;

use glyph_formats::{Decision, span::SpanStatus};
use glyphd::telemetry::name;
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};

use crate::harness::{
    FakeOrigin, PluginsDir, TestDaemon,
    plugin::{line_from, make_fifo},
    records::{attribute, number},
    told::{get, until_plugin},
};

/// A daemon with these plugins, and that in its configuration.
async fn daemon(plugins: &PluginsDir, policy: &str) -> TestDaemon {
    TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.policy = toml::from_str(policy).unwrap();
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_killed_comes_back_and_is_shown_flows_again() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let dir = plugins.passive_headers_by("echo $$ > pid\nexec \"$@\"\n");
    make_fifo(&dir.join("pid"));
    let policy = "[plugins.passive-headers]\nrestarts = 1\nrestart_backoff_ms = 1\n";
    let daemon = daemon(&plugins, policy).await;
    let mut pids = Vec::new();
    for path in ["/first", "/second"] {
        pids.push(line_from(&dir.join("pid")).await);
        until_plugin(daemon.metrics(), "passive-headers", "connected").await;
        daemon.client().await.get(&origin.url(path)).await;
        if path == "/first" {
            let pid = Pid::from_raw(pids[0].parse().unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
    let recorded = daemon.drain().await;
    let seen =
        recorded.findings.iter().filter(|f| f.plugin == "passive-headers" && f.target.ends_with("/second"));
    assert_eq!(seen.count(), 1, "the second process does as the first: {:#?}", recorded.findings);
    let task = recorded.spans_named(name::SUPERVISOR_TASK)[0];
    assert_eq!((task.status, number(task, "glyph.restarts")), (SpanStatus::Ok, 1));
    let processes = recorded.spans_of(task.trace_id, name::RUNNER_EXEC);
    assert!(processes.iter().all(|span| span.parent_span_id == Some(task.span_id)), "{processes:#?}");
    let mut ends: Vec<_> = processes.iter().map(|s| (attribute(s, "process.pid"), s.status)).collect();
    ends.sort_by_key(|(pid, _)| *pid != pids[0]);
    assert_eq!(ends, [(pids[0].clone(), SpanStatus::Error), (pids[1].clone(), SpanStatus::Ok)]);
    assert_eq!(recorded.audited("plugin_started", Decision::Allow).len(), 2);
    assert_eq!(recorded.audited("plugin_stopped", Decision::Info).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_again_and_again_is_given_up() {
    let plugins = PluginsDir::new();
    plugins.script("brief", "exit 3\n");
    // That one ends well is no reason for it to end.
    plugins.script("leaver", "exit 0\n");
    let policy = ["brief", "leaver"]
        .map(|name| format!("[plugins.{name}]\nrestarts = 2\nrestart_backoff_ms = 1\n"))
        .concat();
    let daemon = daemon(&plugins, &policy).await;
    for name in ["brief", "leaver"] {
        until_plugin(daemon.metrics(), name, "given up").await;
    }
    assert!(get(daemon.metrics(), "/readyz").await.starts_with("not ready\nplugin brief: given up\n"));
    let recorded = daemon.drain().await;
    for (name, exit, crashes) in [("brief", "exit status: 3", 3), ("leaver", "exit status: 0", 0)] {
        let tasks = recorded.spans_named(name::SUPERVISOR_TASK);
        let task = tasks.into_iter().find(|span| attribute(span, "glyph.plugin.id") == name).unwrap();
        assert_eq!((task.status, attribute(task, "error.type").as_str()), (SpanStatus::Error, "given_up"));
        let message = task.status_message.as_ref().unwrap();
        assert!(message.contains("3 times in a row") && message.contains(exit), "{message}");
        let of = |event, decision| {
            let mut entries = recorded.audited(event, decision);
            entries.retain(|entry| entry.plugin.as_deref() == Some(name));
            entries.len()
        };
        assert_eq!(of("plugin_started", Decision::Allow), 3, "{name}");
        assert_eq!(of("plugin_stopped", Decision::Info), 3, "{name}");
        assert_eq!(of("token_issued", Decision::Allow), 3, "each has a token of its own");
        let count = |metric, reason| recorded.counted(metric, &[("plugin", name), ("reason", reason)]);
        assert!((count("glyph_plugin_errors_total", "exit") - 3.0).abs() < 0.5, "{name}");
        assert!((count("glyph_plugin_terminations_total", "crashed") - f64::from(crashes)).abs() < 0.5);
    }
    assert_eq!(recorded.findings.len(), 3, "one for each crash: {:#?}", recorded.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_changed_between_two_starts_is_refused_at_the_second() {
    let plugins = PluginsDir::new();
    let script = "echo up > up\nread -r line < go\nexit 3\n";
    let dir = plugins.script("changing", script);
    for fifo in ["up", "go"] {
        make_fifo(&dir.join(fifo));
    }
    let digest = hex::encode(Sha256::digest(script));
    let policy = format!(
        "[plugins.changing]\nrestart_backoff_ms = 1\nrestarts = 5\nsha256 = {{ \"plugin.sh\" = {digest:?} }}\n"
    );
    let daemon = daemon(&plugins, &policy).await;
    assert_eq!(line_from(&dir.join("up")).await, "up");
    fs::write(dir.join("plugin.sh"), format!("{script}# not what was looked at\n")).unwrap();
    fs::write(dir.join("go"), "go\n").unwrap();
    until_plugin(daemon.metrics(), "changing", "gone").await;
    let recorded = daemon.drain().await;
    assert_eq!(recorded.audited("plugin_started", Decision::Allow).len(), 1);
    let denied = recorded.audited("plugin_started", Decision::Deny);
    assert_eq!(denied.len(), 1, "and it is not asked again: {denied:#?}");
    assert!(denied[0].reason.as_ref().unwrap().contains("is not the file that is pinned"), "{denied:?}");
    assert_eq!(recorded.audited("token_issued", Decision::Allow).len(), 1);
    let faults = [("plugin", "changing"), ("reason", "digest")];
    assert!((recorded.counted("glyph_plugin_errors_total", &faults) - 1.0).abs() < 0.5);
    let task = recorded.spans_named(name::SUPERVISOR_TASK)[0];
    assert_eq!((task.status, attribute(task, "error.type").as_str()), (SpanStatus::Error, "digest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_does_not_wait_for_the_next_start() {
    let plugins = PluginsDir::new();
    plugins.script("brief", "exit 3\n");
    // Each pause is an hour.
    let policy =
        "[plugins.brief]\nrestarts = 9\nrestart_backoff_ms = 3600000\nrestart_backoff_max_ms = 3600000\n";
    let daemon = daemon(&plugins, policy).await;
    until_plugin(daemon.metrics(), "brief", "restarting").await;
    let recorded = daemon.drain().await;
    assert_eq!(recorded.audited("plugin_started", Decision::Allow).len(), 1);
    let task = recorded.spans_named(name::SUPERVISOR_TASK)[0];
    assert_eq!(
        (task.status, number(task, "glyph.restarts")),
        (SpanStatus::Error, 0),
        "its last process failed"
    );
    assert_eq!(attribute(task, "error.type"), "crashed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_session_was_ended_for_what_it_did_is_not_started_again() {
    let plugins = PluginsDir::new();
    let guest = plugins.fake("guest");
    let policy = "[plugins.guest]\nrestarts = 9\nrestart_backoff_ms = 1\n";
    let daemon = daemon(&plugins, policy).await;
    let plugin = guest.take().await;
    let large = glyph_plugin::Finding::new("guest.long", glyph_plugin::Severity::Low, "x".repeat(1 << 20));
    plugin.say(glyph_plugin::wire::plugin_message::Message::Finding(large), "").await;
    until_plugin(daemon.metrics(), "guest", "barred").await;
    // Its process goes with it.
    drop(plugin);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.audited("plugin_started", Decision::Allow).len(), 1);
    assert_eq!(recorded.audited("plugin_stopped", Decision::Info).len(), 1);
}
