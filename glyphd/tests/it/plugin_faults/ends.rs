//! Plugins that die, come back at once, or are all at it when the daemon stops.

use std::net::SocketAddr;

use glyph_formats::{AuditEntry, Decision, Flow, Recording, recording};
use glyph_plugin::{Finding, PROTOCOL_VERSION, Severity, wire::plugin_message::Message};
use http::Request;
use rustix::process::{Pid, Signal, kill_process};

use super::{GUEST, Scene, guests};
use crate::harness::{
    Client, DaemonProcess, FakeOrigin, FakePlugin, PluginsDir, Witness,
    bus::{Bus, bus, grant, hello, message, open},
    client::{empty, whole},
    operator,
    plugin::{line_from, make_fifo},
    records::lines,
    told::{counted, until_plugin, value},
    within,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_killed_at_work_leaves_the_others_at_theirs() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let witness = plugins.fake("witness");
    let dir = plugins.passive_headers_by("echo $$ > pid\nexec \"$@\"\n");
    make_fifo(&dir.join("pid"));
    let (records, plugins_dir) = (tempfile::tempdir().unwrap(), plugins.path());
    let recording = records.path().join("recording");
    let policy = plugins.policy("[plugins.passive-headers]\nrestarts = 0\n[plugins.witness]\nrestarts = 0\n");
    let args = [
        ["--plugins-dir", plugins_dir.to_str().unwrap()],
        ["--record", recording.to_str().unwrap()],
        ["--config", policy.to_str().unwrap()],
    ];
    let mut daemon = DaemonProcess::start(args.as_flattened()).await;
    let pid = Pid::from_raw(line_from(&dir.join("pid")).await.parse().unwrap()).unwrap();
    let mut witness = Witness::of(witness.take().await);
    until_plugin(daemon.metrics, "passive-headers", "connected").await;
    let mut client = daemon.client().await;
    for exchange in 0..100 {
        if exchange == 50 {
            kill_process(pid, Signal::KILL).unwrap();
        }
        assert_eq!(client.get(&origin.url("/")).await.text(), "ok");
    }
    daemon.line("a plugin has ended by itself").await;
    until_plugin(daemon.metrics, "passive-headers", "given up").await;
    witness.is_served(daemon.proxy, &origin).await;
    let ended = daemon.stop().await;
    witness.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let audit: Vec<AuditEntry> = lines(&recording.join(recording::AUDIT));
    let of = |event: &str| {
        let mut entries =
            audit.iter().filter(|e| e.event == event && e.plugin.as_deref() == Some("passive-headers"));
        (entries.next().unwrap_or_else(|| panic!("{event}: {audit:#?}")), entries.next())
    };
    let (closed, none) = of("session_closed");
    assert_eq!((closed.decision, none), (Decision::Info, None), "{closed:?}");
    assert!(closed.reason.as_ref().unwrap().starts_with("the stream broke"), "{closed:?}");
    let (stopped, _) = of("plugin_stopped");
    assert!(stopped.reason.as_ref().unwrap().contains("SIGKILL"), "{stopped:?}");
    assert_eq!(lines::<Flow>(&recording.join(recording::FLOWS)).len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_comes_and_goes_all_the_time_is_let_in_each_time_and_keeps_nobody() {
    // One that the daemon starts gets tokens of its own, each of which takes the place of the operator's.
    let mut scene = Scene::with("start = false", |_| {}).await;
    let first = operator::token(scene.daemon.control(), GUEST).await;
    let mut credentials = first.clone();
    for _ in 0..50 {
        let (bus, secret) = open(&credentials).await;
        FakePlugin::open(bus, &secret, hello(GUEST)).await.unwrap().leave().await;
        credentials = operator::token(scene.daemon.control(), GUEST).await;
    }
    scene.others_are_served().await;
    scene.guest_is("gone").await;
    assert!((counted(scene.daemon.metrics(), "glyph_active_plugins", &[]).await - 1.0).abs() < 0.5);
    // What it had before is good for nothing.
    let mut bus = bus(&first.bus).await;
    assert!(grant(&mut bus, &first, PROTOCOL_VERSION).await.is_err());
    let recorded = scene.drain().await;
    for (event, decision) in [("session_opened", Decision::Allow), ("session_closed", Decision::Info)] {
        assert_eq!(guests(&recorded, event, decision).len(), 50, "{event}");
    }
}

/// Asks until the proxy takes no more; returns how often there was a whole answer.
async fn ask_on(daemon: SocketAddr, url: String) -> usize {
    let mut client = Client::connect(daemon).await;
    let mut answered = 0;
    while let Ok(response) = client.send(Request::get(&url).body(empty()).unwrap()).await {
        if whole(response).await.is_err() {
            break;
        }
        answered += 1;
    }
    answered
}

/// Reports until the daemon takes no more.
async fn flood(mut plugin: FakePlugin) {
    let (event, _) = plugin.event_among_refusals().await;
    let finding = Finding { flow_id: event.flow_id, ..Finding::new("flood", Severity::Low, "a claim") };
    while plugin.try_say(message(Message::Finding(finding.clone()))).await {}
}

/// Comes and goes until it is not let in any more.
async fn restless(mut operator: Client, mut bus: Bus) {
    loop {
        let request = Request::post("/v1/plugins/restless/token").body(empty()).unwrap();
        let Ok(response) = operator.send(request).await else { return };
        let Ok(answer) = whole(response).await else { return };
        let credentials = operator::credentials(&serde_json::from_slice(&answer.body).unwrap());
        let Ok(granted) = grant(&mut bus, &credentials, PROTOCOL_VERSION).await else { return };
        let hello = hello("restless");
        let Ok(plugin) = FakePlugin::open(bus.clone(), &granted.session_secret, hello).await else { return };
        plugin.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_stops_with_all_of_it_under_way() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let (witness, stalled, flooding) =
        (plugins.fake("witness"), plugins.fake("stalled"), plugins.fake("flooding"));
    let dir = plugins.passive_headers_by("echo $$ > pid\nexec \"$@\"\n");
    make_fifo(&dir.join("pid"));
    let records = tempfile::tempdir().unwrap();
    let path = |name: &str| records.path().join(name);
    let policy = "[plugins.witness]\nqueue_capacity = 100000\n[plugins.restless]\nstart = false\n\
                  [plugins.stalled]\nqueue_policy = \"block\"\nqueue_block_ms = 10\n";
    std::fs::write(path("policy.toml"), policy).unwrap();
    let dirs = [plugins.path(), path("recording"), path("policy.toml"), path("control.sock")];
    let flags = ["--plugins-dir", "--record", "--config", "--control-addr"];
    let args = flags.iter().zip(&dirs).flat_map(|(flag, dir)| [flag, dir.to_str().unwrap()]);
    let mut daemon = DaemonProcess::start(args).await;
    let pid = Pid::from_raw(line_from(&dir.join("pid")).await.parse().unwrap()).unwrap();
    let (mut witness, stalled) = (Witness::of(witness.take().await), stalled.take().await);
    let flooding = tokio::spawn(flood(flooding.take().await));
    until_plugin(daemon.metrics, "passive-headers", "connected").await;
    kill_process(pid, Signal::STOP).unwrap();
    let bus = bus(&operator::token(&path("control.sock"), "restless").await.bus).await;
    let restless = tokio::spawn(restless(Client::connect_unix(&path("control.sock")).await, bus));
    let asking: Vec<_> = (0..4).map(|_| tokio::spawn(ask_on(daemon.proxy, origin.url("/on")))).collect();
    for _ in 0..20 {
        witness.is_served(daemon.proxy, &origin).await;
    }
    daemon.line("a plugin's session has ended plugin=\"restless\"").await;

    let ended = daemon.stop().await;
    drop(stalled);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("plugins that took too long were cut off"), "{}", ended.stderr);
    witness.ended().await;
    within("the flood's end", flooding).await.unwrap();
    within("the restless one's end", restless).await.unwrap();
    let mut answered = 20;
    for asking in asking {
        answered += within("the client's end", asking).await.unwrap();
    }
    assert!(answered > 20 && answered == origin.seen().len());
    let recording = path("recording");
    assert_eq!(lines::<Flow>(&recording.join(recording::FLOWS)).len(), answered);
    assert!(Recording::open(&recording).unwrap().info.end_time_unix_nano.is_some());
    let metrics = std::fs::read_to_string(recording.join(recording::METRICS)).unwrap();
    let findings: Vec<glyph_formats::Finding> = lines(&recording.join(recording::FINDINGS));
    let flooded = findings.iter().filter(|f| f.plugin == "flooding").count();
    let stored = value(
        &metrics,
        "glyph_plugin_event_duration_seconds_count",
        &[("plugin", "flooding"), ("event", "finding")],
    );
    assert!(flooded > 0 && (stored - flooded as f64).abs() < 0.5, "{flooded} in the file, {stored} counted");
    let audit: Vec<AuditEntry> = lines(&recording.join(recording::AUDIT));
    for plugin in ["stalled", "flooding", "passive-headers"] {
        let closed =
            audit.iter().find(|e| e.event == "session_closed" && e.plugin.as_deref() == Some(plugin));
        let reason = closed.and_then(|e| e.reason.clone()).unwrap_or_default();
        assert_eq!(reason, "glyphd stops, and the plugin took too long", "{plugin}");
    }
}
