//! Tokens beside the first: on a plugin's standard input when its session has ended, and from the operator.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use glyph_formats::{AuditEntry, Decision, recording::AUDIT};
use glyph_plugin::{PROTOCOL_VERSION, wire::plugin_message::Message};
use glyphd::config::BusAddress;
use http::Method;
use tonic::Code;

use crate::harness::{
    DaemonProcess, FakeOrigin, FakePlugin, PluginsDir, Relay, TestDaemon, Witness,
    bus::{Credentials, bus, grant, hello, open},
    operator, peers,
    plugin::{line_from, make_fifo},
    records::lines,
    told::{get, until_plugin},
};

/// A plugin that hands over each token that it is given, and says when there will be no more.
const READER: &str = "echo \"$GLYPH_BUS $GLYPH_PLUGIN_TOKEN\" > handover\n\
                      while read -r token; do echo \"$GLYPH_BUS $token\" > handover; done\n\
                      echo 'no more' > handover\n";

/// A session with the next token that the plugin hands over; none if it says that there are no more.
async fn next_session(dir: &Path) -> Option<FakePlugin> {
    let line = line_from(&dir.join("handover")).await;
    let (address, token) = line.split_once(' ').unwrap();
    if line == "no more" {
        return None;
    }
    let credentials =
        Credentials { name: "reader".to_owned(), bus: address.to_owned(), token: token.to_owned() };
    let (bus, secret) = open(&credentials).await;
    Some(FakePlugin::open(bus, &secret, hello("reader")).await.unwrap())
}

async fn with_reader() -> (PluginsDir, PathBuf, TestDaemon) {
    let plugins = PluginsDir::new();
    let dir = plugins.script("reader", READER);
    make_fifo(&dir.join("handover"));
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    (plugins, dir, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_session_that_ends_brings_a_token_after_a_longer_and_longer_wait() {
    let (_plugins, dir, daemon) = with_reader().await;
    let origin = FakeOrigin::ok().await;
    let mut plugin = next_session(&dir).await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..3 {
        let left = Instant::now();
        plugin.leave().await;
        plugin = next_session(&dir).await.unwrap();
        waits.push(left.elapsed());
        daemon.client().await.get(&origin.url("/")).await;
        let (event, _) = plugin.event().await;
        assert_eq!(event.sequence, waits.len() as u64, "the new session has what comes, and nothing of old");
    }
    assert!(waits[1] >= Duration::from_secs(1) && waits[2] >= Duration::from_secs(2), "{waits:?}");
    assert!(waits[0] < waits[1], "the first comes at once: {waits:?}");
    drop(plugin);
    let recorded = daemon.drain().await;
    let issued = recorded.audited("token_issued", Decision::Allow);
    let to: Vec<_> = issued.iter().map(|e| e.metadata.get("to").unwrap().to_string()).collect();
    assert_eq!(to, ["process", "reconnect", "reconnect", "reconnect"]);
    assert_eq!(recorded.times("session_opened", Decision::Allow), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_session_was_ended_for_what_it_did_gets_no_token() {
    let (_plugins, dir, daemon) = with_reader().await;
    let mut plugin = next_session(&dir).await.unwrap();
    plugin.say(Message::Hello(hello("reader")), "").await;
    plugin.ending().await;
    assert!(next_session(&dir).await.is_none(), "its standard input has ended");
    until_plugin(daemon.metrics(), "reader", "barred").await;
    let recorded = daemon.drain().await;
    assert_eq!(recorded.audited("token_issued", Decision::Allow).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_gives_no_token_for_a_session_that_it_ends() {
    let (_plugins, dir, daemon) = with_reader().await;
    let plugin = next_session(&dir).await.unwrap();
    let after_the_goodbye = async {
        assert_eq!(plugin.work().await, []);
        next_session(&dir).await.is_none()
    };
    let (recorded, none) = tokio::join!(daemon.drain(), after_the_goodbye);
    assert!(none, "its standard input has ended");
    assert_eq!(recorded.audited("token_issued", Decision::Allow).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_on_the_sdk_comes_back_when_its_connection_breaks() {
    let (plugins, sockets, origin) =
        (PluginsDir::new(), tempfile::tempdir().unwrap(), FakeOrigin::ok().await);
    let path = |name: &str| sockets.path().join(name);
    plugins.passive_headers_by(&format!("export GLYPH_BUS=unix:{}\nexec \"$@\"\n", path("relay").display()));
    let relay = Relay::start(&path("relay"), path("bus"));
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.plugin_addr = Some(BusAddress::Unix(path("bus")));
    })
    .await;
    let is = |state| until_plugin(daemon.metrics(), "passive-headers", state);
    is("connected").await;
    daemon.client().await.get(&origin.url("/before")).await;
    relay.cut();
    is("gone").await;
    daemon.client().await.get(&origin.url("/between")).await;
    relay.mend();
    is("connected").await;
    daemon.client().await.get(&origin.url("/after")).await;
    let recorded = daemon.drain().await;
    assert!(recorded.findings.iter().any(|f| f.target.ends_with("/after")), "{:#?}", recorded.findings);
    assert!(
        recorded.findings.iter().all(|f| !f.target.ends_with("/between")),
        "it was not there to see that"
    );
    assert_eq!(recorded.times("session_opened", Decision::Allow), 2);
    let reasons: Vec<_> =
        recorded.audited("session_closed", Decision::Info).into_iter().map(|e| e.reason.clone()).collect();
    assert!(reasons[0].as_ref().unwrap().starts_with("the stream broke"), "{reasons:?}");
    assert_eq!(reasons[1].as_deref(), Some("glyphd stops"));
    let stopped = recorded.audited("plugin_stopped", Decision::Info);
    assert_eq!(stopped[0].reason.as_deref(), Some("exit status: 0"), "one process, two sessions");
}

/// A daemon process with a control socket and a plugin that it does not start.
async fn with_operator(dir: &Path, plugins: &Path) -> (DaemonProcess, PathBuf) {
    let path = |name: &str| dir.join(name).into_os_string().into_string().unwrap();
    fs::write(path("policy.toml"), "[plugins.guest]\nstart = false\n").unwrap();
    let args = [
        ["--plugins-dir".to_owned(), plugins.to_str().unwrap().to_owned()],
        ["--record".to_owned(), path("recording")],
        ["--config".to_owned(), path("policy.toml")],
        ["--control-addr".to_owned(), path("control.sock")],
    ];
    (DaemonProcess::start(args.as_flattened()).await, dir.join("control.sock"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_gets_a_token_with_which_a_plugin_gets_in() {
    let (dir, plugins, origin) = (tempfile::tempdir().unwrap(), PluginsDir::new(), FakeOrigin::ok().await);
    let (daemon, control) = with_operator(dir.path(), &plugins.path()).await;
    assert_eq!(get(daemon.metrics, "/readyz").await, "ready\n", "one that is not started is not waited for");
    let (old, new) = (operator::token(&control, "guest").await, operator::token(&control, "guest").await);
    let mut bus = bus(&old.bus).await;
    let error = grant(&mut bus, &old, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated, "a new one takes the place of the old");
    let (bus, secret) = open(&new).await;
    let plugin = FakePlugin::open(bus, &secret, hello("guest")).await.unwrap();
    Witness::of(plugin).is_served(daemon.proxy, &origin).await;
    until_plugin(daemon.metrics, "guest", "connected").await;

    for (method, path, status) in [
        (Method::POST, "/v1/plugins/nobody/token", 404),
        (Method::POST, "/v1/plugins/guest", 404),
        (Method::GET, "/v1/plugins/guest/token", 405),
    ] {
        let (answered, body) = operator::ask(&control, method, path).await;
        assert_eq!(answered, status, "{path}: {body}");
        assert!(body["error"].is_string(), "{body}");
    }
    assert_eq!(daemon.stop().await.code, Some(0));
    assert!(!control.exists(), "the socket goes with its daemon");
    let audit: Vec<AuditEntry> = lines(&dir.path().join("recording").join(AUDIT));
    let issued: Vec<_> = audit.iter().filter(|e| e.event == "token_issued").collect();
    assert_eq!(issued.len(), 2, "{audit:#?}");
    for entry in issued {
        assert_eq!((entry.component.as_str(), entry.plugin.as_deref()), ("control", Some("guest")));
        assert_eq!(entry.metadata.get("to").unwrap().to_string(), "operator");
    }
    let text = fs::read_to_string(dir.path().join("recording").join(AUDIT)).unwrap();
    assert!(!text.contains(&old.token) && !text.contains(&new.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_no_operator() {
    // `curl` is not ours.
    if peers::run("curl", &["--version"], b"").is_none() {
        return;
    }
    let (dir, plugins) = (tempfile::tempdir().unwrap(), PluginsDir::new());
    let script = format!(
        "curl -s -X POST --unix-socket {}/control.sock http://glyphd/v1/plugins/guest/token > answer\n\
         echo \"$(cat answer)\" > told\nread -r line\n",
        dir.path().display()
    );
    // Nor is its child's child, which the shell that asks here is.
    let nosy = plugins.script("nosy", &format!("sh -c '{script}'\n"));
    make_fifo(&nosy.join("told"));
    let (daemon, control) = with_operator(dir.path(), &plugins.path()).await;
    let told = line_from(&nosy.join("told")).await;
    assert_eq!(told, "{\"error\":\"a process that glyphd started asks\"}");
    operator::token(&control, "guest").await;
    assert_eq!(daemon.stop().await.code, Some(0));
    let audit: Vec<AuditEntry> = lines(&dir.path().join("recording").join(AUDIT));
    let denied: Vec<_> =
        audit.iter().filter(|e| e.event == "token_issued" && e.decision == Decision::Deny).collect();
    assert_eq!(denied.len(), 1, "{audit:#?}");
    assert_eq!((denied[0].component.as_str(), denied[0].plugin.as_deref()), ("control", Some("guest")));
    assert_eq!(denied[0].reason.as_deref(), Some("a process that glyphd started asks"));
}
