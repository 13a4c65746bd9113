//! What is not sent, whoever asks: each denial has its reason, and is on the audit record before the answer.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use glyph_formats::{AuditEntry, Decision, recording::AUDIT};
use glyph_plugin::{DenialReason, wire::FetchHead};
use glyphd::netgate::Resolver;

use rustix::process::{Signal, kill_process};
use tokio::task::JoinSet;

use super::Scene;
use crate::harness::{
    DaemonProcess, FakeOrigin, Guest, RawOrigin,
    outlet::get,
    records::{attribute, lines},
    told::until,
    within,
};

fn recorded_denials(recording: &Path) -> Vec<AuditEntry> {
    let mut entries: Vec<AuditEntry> = lines(&recording.join(AUDIT));
    entries.retain(|entry| entry.event == "http_requested" && entry.decision == Decision::Deny);
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_url_leads_to_is_denied_by_its_reason() {
    let scene = Scene::active().await;
    let addresses = scene.daemon.daemon().addresses().clone();
    let port = scene.origin.address().port();
    for (url, reason) in [
        ("not a url".to_owned(), "DENIED_URL"),
        ("/page".to_owned(), "DENIED_URL"),
        (format!("http://user:password@127.0.0.1:{port}/"), "DENIED_URL"),
        ("file:///etc/passwd".to_owned(), "DENIED_SCHEME"),
        ("ftp://127.0.0.1/".to_owned(), "DENIED_SCHEME"),
        (format!("http://{}/healthz", addresses.metrics), "DENIED_OWN"),
        (format!("http://{}/", addresses.proxy), "DENIED_OWN"),
        (format!("http://[::ffff:127.0.0.1]:{}/", addresses.metrics.port()), "DENIED_OWN"),
        (format!("http://localhost:{}/metrics", addresses.metrics.port()), "DENIED_OWN"),
    ] {
        let got = scene.guest.outlet.fetch(get(&url)).await;
        assert_eq!(got.denied().0.as_str_name(), reason, "{url}");
        assert_eq!((got.head.is_none(), got.end.attempts), (true, 0));
        let there = recorded_denials(&scene.daemon.recording());
        let last = there.last().unwrap();
        assert_eq!(
            last.metadata.get("denied").unwrap().to_string(),
            reason.trim_start_matches("DENIED_").to_lowercase()
        );
        assert_eq!(last.component, "netgate");
        assert!(!format!("{last:?}").contains("user:password"), "{last:?}");
    }
    for method in ["CONNECT", "TRACE", "track", "G T", ""] {
        let head = FetchHead { method: method.to_owned(), ..get(scene.origin.url("/")) };
        assert_eq!(
            scene.guest.outlet.fetch(head).await.denied().0.as_str_name(),
            "DENIED_METHOD",
            "{method}"
        );
    }
    assert_eq!(scene.origin.seen().len(), 0);
    drop(scene.guest);
    let recorded = scene.daemon.drain().await;
    let spans = recorded.spans_named("netgate.http_request");
    assert_eq!(spans.len(), 14);
    assert!(spans.iter().all(|span| attribute(span, "error.type").starts_with("denied_")), "{spans:#?}");
}

/// A daemon that may reach nothing but what is public. Nothing here is tried: where it would lead is only looked at.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_judged_by_every_address_that_they_have() {
    let resolver = Resolver::of(|host| {
        let addresses = match host {
            "private.example" => "10.0.0.1",
            "mixed.example" => "8.8.8.8 192.168.1.1",
            "mapped.example" => "::ffff:169.254.169.254",
            "nobody.example" => "",
            _ => return Err(std::io::ErrorKind::NotFound.into()),
        };
        Ok(addresses.split_whitespace().map(|address| address.parse().unwrap()).collect())
    });
    let scene = Scene::with(|config| {
        config.policy.netgate.allow.clear();
        config.policy.netgate.resolver = resolver;
    })
    .await;
    for (host, what) in [
        ("private.example", "private.example is 10.0.0.1, a private address"),
        ("Private.Example.", "private.example is 10.0.0.1, a private address"),
        ("mixed.example", "mixed.example is 192.168.1.1, a private address"),
        ("mapped.example", "mapped.example is ::ffff:169.254.169.254, a cloud's metadata service"),
        ("localhost", "localhost is 127.0.0.1, a loopback address"),
        ("a.localhost.", "a.localhost is 127.0.0.1, a loopback address"),
    ] {
        let got = scene.guest.outlet.fetch(get(format!("http://{host}/"))).await;
        assert_eq!(got.denied(), (DenialReason::DeniedAddress, what));
    }
    for host in ["nobody.example", "unknown.example"] {
        let got = scene.guest.outlet.fetch(get(format!("http://{host}/"))).await;
        assert_eq!(got.failed().0.as_str_name(), "FAILED_RESOLVE");
    }
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_opens_hosts_and_blocks() {
    let scene = Scene::with(|config| {
        config.policy.netgate.allow = vec!["build.internal".parse().unwrap()];
        config.policy.netgate.resolver = Resolver::of(|_| Ok(vec!["127.0.0.1".parse().unwrap()]));
    })
    .await;
    let port = scene.origin.address().port();
    let got = scene.guest.outlet.fetch(get(format!("http://build.internal:{port}/"))).await;
    assert_eq!(got.fine().0, 200);
    for host in ["other.internal", "127.0.0.1"] {
        let got = scene.guest.outlet.fetch(get(format!("http://{host}:{port}/"))).await;
        assert_eq!(got.denied().0.as_str_name(), "DENIED_ADDRESS");
    }
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_for_a_minute() {
    let scene = Scene::with(|config| {
        config.policy.netgate.plugin_requests_per_minute = 3;
        config.policy.netgate.plugin_bytes_per_minute = 5;
    })
    .await;
    let fetch = || scene.guest.outlet.fetch(get(scene.origin.url("/")));
    for _ in 0..2 {
        fetch().await.fine();
    }
    let got = fetch().await;
    assert_eq!(got.denied().0.as_str_name(), "DENIED_BUDGET", "six bytes");
    assert_eq!((got.head.unwrap().status, got.body.len()), (200, 0));
    assert_eq!(fetch().await.denied().0.as_str_name(), "DENIED_BUDGET");
    assert_eq!(scene.origin.seen().len(), 3);
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_has_so_many_under_way_and_no_more() {
    let there = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&there);
    let silent = RawOrigin::serving(move |stream| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            std::future::pending::<()>().await;
            drop(stream);
        }
    })
    .await;
    let scene = Scene::with(|config| config.policy.netgate.plugin_concurrency = 2).await;
    let outlet = &scene.guest.outlet;
    let mut held = JoinSet::from_iter([silent.url("/"), silent.url("/")].map(|url| outlet.fetch(get(url))));
    let fetch = async || outlet.fetch(get(scene.origin.url("/"))).await;
    until("two who are there", async || there.load(Ordering::Relaxed) == 2).await;
    assert_eq!(fetch().await.denied().0.as_str_name(), "DENIED_CONCURRENCY");
    held.shutdown().await;
    until("room", async || fetch().await.end.outcome.is_none()).await;
    drop(scene.guest);
    scene.daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_sent() {
    let (origin, records) = (FakeOrigin::ok().await, tempfile::tempdir().unwrap());
    let path = |name: &str| records.path().join(name).to_str().unwrap().to_owned();
    let policy = "[netgate]\nallow = [\"127.0.0.1\"]\n[plugins.guest]\ngrant = [\"CAP_HTTP_ACTIVE\"]\n";
    std::fs::write(path("policy.toml"), policy).unwrap();
    let (config, control) = (path("policy.toml"), path("control.sock"));
    let args = ["--config", &config, "--control-addr", &control, "--audit-file", "-"];
    let daemon = DaemonProcess::start(args).await;
    let guest = Guest::at(control.as_ref(), "guest").await;
    guest.outlet.fetch(get(origin.url("/before"))).await.fine();
    // Nobody reads its standard error any more, and so it can't be written.
    let (pid, mut child) = (daemon.pid(), daemon.stop_listening());
    for url in [origin.url("/after"), "http://10.0.0.1/".to_owned()] {
        let got = guest.outlet.fetch(get(url)).await;
        let (reason, why) = got.denied();
        assert_eq!(reason.as_str_name(), "DENIED_AUDIT");
        assert!(why.starts_with("the audit can't be written: "), "{why}");
    }
    let seen = origin.seen();
    assert_eq!((seen.len(), seen[0].target.path()), (1, "/before"));
    drop(guest);
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(within("the daemon's end", child.wait()).await.unwrap().code(), Some(0));
}
